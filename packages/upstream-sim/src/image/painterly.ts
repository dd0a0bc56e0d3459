/** Media: what the picture would be if a hand had made it. */
import { saturation } from './colour.ts';
import { type Effect, fromSharp, type Picture, toSharp } from './picture.ts';
import {
  blurred,
  boxMean,
  eachRow,
  edgesOf,
  lumaOf,
  mapPixels,
  mix,
  noise,
  type Plane,
  smoothstep,
  strokes,
} from './planes.ts';

/** Painting has no finer detail than a brush: these effects work at this size and are enlarged after. Pixels. */
const CANVAS_SIDE = 1200;

/** Runs an effect at no more than the canvas size and returns to the picture's own size. */
function onCanvas(effect: Effect): Effect {
  return async (picture) => {
    if (Math.max(picture.width, picture.height) <= CANVAS_SIDE) return effect(picture);
    const small = await fromSharp(
      toSharp(picture).resize({ width: CANVAS_SIDE, height: CANVAS_SIDE, fit: 'inside' }),
    );
    const painted = await effect(small);
    return fromSharp(
      toSharp(painted).resize(picture.width, picture.height, { fit: 'fill', kernel: 'lanczos3' }),
    );
  };
}

/**
 * The Kuwahara filter with soft weights (Papari et al. 2007): each pixel takes the mean of the calmest quadrant around it,
 * which smooths surfaces into dabs and keeps edges.
 */
async function kuwahara(picture: Picture, radius: number): Promise<Picture> {
  const { width, height, rgb } = picture;
  const half = Math.max(1, Math.round(radius / 2));
  const channel = (index: number): Plane => ({
    width,
    height,
    values: Float32Array.from({ length: width * height }, (_, i) => (rgb[i * 3 + index] ?? 0) / 255),
  });
  const luma = await lumaOf(picture);
  const square = { ...luma, values: luma.values.map((value) => value * value) };
  const [red, green, blue, mean, meanSquare] = [
    await boxMean(channel(0), half),
    await boxMean(channel(1), half),
    await boxMean(channel(2), half),
    await boxMean(luma, half),
    await boxMean(square, half),
  ];
  return mapPixels(width, height, (out, _at, x, y) => {
    let total = 0;
    let r = 0;
    let g = 0;
    let b = 0;
    for (let quadrant = 0; quadrant < 4; quadrant++) {
      const qx = Math.max(0, Math.min(width - 1, x + (quadrant & 1 ? half : -half)));
      const qy = Math.max(0, Math.min(height - 1, y + (quadrant & 2 ? half : -half)));
      const i = qy * width + qx;
      const m = mean.values[i] ?? 0;
      const variance = Math.max(0, (meanSquare.values[i] ?? 0) - m * m);
      const weight = 1 / (1e-5 + variance) ** 3;
      total += weight;
      r += weight * (red.values[i] ?? 0);
      g += weight * (green.values[i] ?? 0);
      b += weight * (blue.values[i] ?? 0);
    }
    const scale = 255 / total;
    out[0] = r * scale;
    out[1] = g * scale;
    out[2] = b * scale;
  });
}

/**
 * What a pencil would mark, 0 (full stroke) to 1 (bare paper): the luma divided by its own blur leaves contours (the
 * colour-dodge drawing of darkrooms), and hatching lies where the picture is dark.
 */
async function pencilMarks(picture: Picture, strength: number, seed: number): Promise<Plane> {
  const { width, height } = picture;
  const side = Math.max(width, height);
  const luma = await lumaOf(picture);
  const soft = await lumaOf(await blurred(picture, side / 90));
  const fine = await strokes(width, height, side / 50, seed);
  const broad = await strokes(width, height, side / 25, seed + 1);
  const values = new Float32Array(width * height);
  await eachRow(height, (y) => {
    for (let i = y * width; i < (y + 1) * width; i++) {
      const contour =
        Math.min(1, ((luma.values[i] ?? 0) + 0.02) / ((soft.values[i] ?? 0) + 0.02)) ** (3.2 * strength);
      const dark = 1 - smoothstep(0.02, 0.75, soft.values[i] ?? 0);
      const texture = 0.5 + 0.5 * (0.65 * (fine.values[i] ?? 0) + 0.35 * (broad.values[i] ?? 0));
      const shade = 1 - Math.min(0.92, dark * strength * (0.25 + 0.75 * texture));
      values[i] = contour * shade;
    }
  });
  return { width, height, values };
}

/** Graphite on slightly warm paper. */
export function pencilSketch(strength: number, seed: number): Effect {
  return async (picture) => {
    const marks = await pencilMarks(picture, strength, seed);
    const tooth = await noise(picture.width, picture.height, 2, seed + 2);
    return mapPixels(picture.width, picture.height, (out, at) => {
      const mark = marks.values[at / 3] ?? 1;
      const paper = 1 - 0.018 * (1 + (tooth.values[at / 3] ?? 0));
      out[0] = mix(46, 251 * paper, mark);
      out[1] = mix(46, 249 * paper, mark);
      out[2] = mix(50, 243 * paper, mark);
    });
  };
}

/** Coloured pencils: the same strokes, each in the colour that lies beneath. */
export function colouredPencil(strength: number, seed: number): Effect {
  return async (picture) => {
    const marks = await pencilMarks(picture, strength * 0.8, seed);
    const pigment = await saturation(1.5)(
      await kuwahara(picture, Math.max(picture.width, picture.height) / 220),
    );
    return mapPixels(picture.width, picture.height, (out, at) => {
      const mark = marks.values[at / 3] ?? 1;
      const cover = 0.35 + 0.65 * (1 - mark);
      for (let channel = 0; channel < 3; channel++) {
        const colour = (pigment.rgb[at + channel] ?? 0) * (0.72 + 0.28 * mark) + 20;
        out[channel] = mix(251 - channel * 3, colour, cover);
      }
    });
  };
}

/**
 * Watercolour after Bousseau et al., "Interactive watercolor rendering with temporal coherence and abstraction" (2006):
 * flat washes, wobbling contours, and a pigment density that gathers at edges, drifts in the wash and settles in the
 * paper's grain. Density d changes a colour C by C - (C - C^2)(d - 1).
 */
export function watercolour(strength: number, seed: number): Effect {
  return onCanvas(async (picture) => {
    const { width, height } = picture;
    const side = Math.max(width, height);
    const radius = Math.max(3, (side / 110) * strength);
    const lifted = await fromSharp(toSharp(picture).modulate({ brightness: 1.06, saturation: 1.35 }));
    const wash = await kuwahara(await kuwahara(lifted, radius), radius * 0.7);
    const contour = await edgesOf(await lumaOf(await blurred(wash, side / 900)));
    const [wobbleX, wobbleY, drift, flow, paper] = await Promise.all([
      noise(width, height, side / 60, seed),
      noise(width, height, side / 60, seed + 1),
      noise(width, height, side / 7, seed + 2),
      noise(width, height, side / 24, seed + 3),
      noise(width, height, 3, seed + 4),
    ]);
    const reach = (side / 260) * strength;
    const margin = side / 28;
    return mapPixels(width, height, (out, at, x, y) => {
      const i = at / 3;
      const sx = Math.max(0, Math.min(width - 1, Math.round(x + reach * (wobbleX.values[i] ?? 0))));
      const sy = Math.max(0, Math.min(height - 1, Math.round(y + reach * (wobbleY.values[i] ?? 0))));
      const from = sy * width + sx;
      const grainy = paper.values[i] ?? 0;
      const edge = Math.min(1, 5 * (contour.values[from] ?? 0));
      const density =
        1 + 0.75 * edge + 0.42 * (drift.values[i] ?? 0) + 0.3 * (flow.values[i] ?? 0) + 0.16 * grainy;
      // The wash stops short of the sheet's edge, along a line as uneven as the flow.
      const inset = Math.min(x, y, width - 1 - x, height - 1 - y);
      const painted = smoothstep(0, margin * 0.22, inset - margin * (0.55 + 0.5 * (flow.values[i] ?? 0)));
      for (let channel = 0; channel < 3; channel++) {
        const colour = mix((wash.rgb[from * 3 + channel] ?? 0) / 255, 1, 0.1);
        const pigment = colour - (colour - colour * colour) * (density - 1);
        const sheet = 0.985 - channel * 0.012 + 0.012 * grainy;
        out[channel] = 255 * mix(sheet, Math.min(1, pigment * (0.985 + 0.02 * grainy)), painted);
      }
    });
  });
}

/** Thick paint: wide dabs, strong colour, and light that catches the relief of the strokes. */
export function oilPainting(strength: number, seed: number): Effect {
  return onCanvas(async (picture) => {
    const { width, height } = picture;
    const side = Math.max(width, height);
    const radius = Math.max(4, (side / 85) * strength);
    const rich = await fromSharp(toSharp(picture).modulate({ saturation: 1.45, brightness: 1.03 }));
    const dabs = await kuwahara(await kuwahara(rich, radius), radius * 0.6);
    const luma = await lumaOf(dabs);
    const bristles = await strokes(width, height, side / 70, seed);
    const relief = luma.values.map((value, i) => value + 0.07 * (bristles.values[i] ?? 0));
    return mapPixels(width, height, (out, at, x, y) => {
      const i = at / 3;
      const before = relief[Math.max(0, y - 1) * width + Math.max(0, x - 1)] ?? 0;
      const light = Math.max(-0.16, Math.min(0.16, 1.5 * ((relief[i] ?? 0) - before)));
      for (let channel = 0; channel < 3; channel++) {
        out[channel] = (dabs.rgb[at + channel] ?? 0) * (1 + light) + 70 * light;
      }
    });
  });
}

/** Flat colours in soft steps under ink contours (XDoG after Winnemöller 2011). */
export function cartoon(strength: number): Effect {
  return onCanvas(async (picture) => {
    const { width, height } = picture;
    const side = Math.max(width, height);
    const rich = await fromSharp(toSharp(picture).modulate({ saturation: 1.5, brightness: 1.06 }));
    const flat = await kuwahara(await kuwahara(rich, side / 170), side / 170);
    const near = await lumaOf(await blurred(flat, side / 900));
    const far = await lumaOf(await blurred(flat, side / 520));
    const steps = 7;
    return mapPixels(width, height, (out, at) => {
      const i = at / 3;
      const difference = (near.values[i] ?? 0) - 0.985 * (far.values[i] ?? 0);
      const ink = difference >= 0 ? 1 : 1 + Math.tanh(70 * strength * difference);
      const luma = Math.max(0.02, near.values[i] ?? 0);
      const level = luma * steps;
      const stepped = (Math.floor(level) + smoothstep(0.35, 0.65, level - Math.floor(level))) / steps;
      const scale = (0.15 * luma + 0.85 * stepped) / luma;
      for (let channel = 0; channel < 3; channel++)
        out[channel] = (flat.rgb[at + channel] ?? 0) * scale * ink;
    });
  });
}

/** A print in few colours. `levels` a channel. */
export function posterize(levels: number): Effect {
  return async (picture) => {
    const flat = await onCanvas((small) => kuwahara(small, Math.max(small.width, small.height) / 200))(
      picture,
    );
    const vivid = await saturation(1.35)(flat);
    const table = Uint8Array.from({ length: 256 }, (_, value) => {
      const level = Math.min(levels - 1, Math.floor((value / 256) * levels));
      return Math.round((255 * level) / (levels - 1));
    });
    return { ...vivid, rgb: vivid.rgb.map((value) => table[value] ?? value) };
  };
}

/** Square cells; about `cells` of them along the longer side. */
export function pixelate(cells: number): Effect {
  return async (picture) => {
    const cell = Math.max(2, Math.round(Math.max(picture.width, picture.height) / cells));
    const small = await fromSharp(
      toSharp(picture).resize(
        Math.max(1, Math.round(picture.width / cell)),
        Math.max(1, Math.round(picture.height / cell)),
        {
          fit: 'fill',
          kernel: 'cubic',
        },
      ),
    );
    return fromSharp(
      toSharp(small).resize(picture.width, picture.height, { fit: 'fill', kernel: 'nearest' }),
    );
  };
}
