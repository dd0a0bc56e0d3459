/** Painting and printing. */

import sharp from 'sharp';
import { alongFlow, flowOf, kuwahara, onCanvas, sideOf } from './brush.ts';
import { chain, saturation, toneCurve } from './colour.ts';
import { type Effect, fromSharp, toSharp } from './picture.ts';
import { blurred, edgesOf, lumaOf, mapPixels, mix, noise, smoothstep } from './planes.ts';

/**
 * Watercolour after Bousseau et al., "Interactive watercolor rendering with temporal coherence and abstraction" (2006):
 * flat washes, wobbling contours, and a pigment density that gathers at edges, drifts in the wash and settles in the
 * paper's grain. Density d changes a colour C by C - (C - C^2)(d - 1).
 */
export function watercolour(strength: number, seed: number): Effect {
  return onCanvas(async (picture) => {
    const { width, height } = picture;
    const side = sideOf(picture);
    const radius = Math.max(3, (side / 115) * strength);
    // White paper shines through paint: shadows are lighter and colours clearer than in a photograph.
    const lifted = await chain(toneCurve(0.68), saturation(1.3))(picture);
    const broad = await kuwahara(await kuwahara(lifted, radius), radius * 0.7);
    const detail = await kuwahara(lifted, radius * 0.4);
    const contour = await edgesOf(await lumaOf(await blurred(broad, side / 800)));
    const [wobbleX, wobbleY, drift, flow, fray, paper] = await Promise.all([
      noise(width, height, side / 75, seed),
      noise(width, height, side / 75, seed + 1),
      noise(width, height, side / 6, seed + 2),
      noise(width, height, side / 22, seed + 3),
      noise(width, height, side / 90, seed + 4),
      noise(width, height, 3, seed + 5),
    ]);
    const reach = (side / 420) * strength;
    const margin = side / 30;
    return mapPixels(width, height, (out, at, x, y) => {
      const i = at / 3;
      const sx = Math.max(0, Math.min(width - 1, Math.round(x + reach * (wobbleX.values[i] ?? 0))));
      const sy = Math.max(0, Math.min(height - 1, Math.round(y + reach * (wobbleY.values[i] ?? 0))));
      const from = sy * width + sx;
      const grainy = paper.values[i] ?? 0;
      const edge = Math.min(1, 5 * (contour.values[from] ?? 0));
      const density =
        1 + 0.7 * edge + 0.36 * (drift.values[i] ?? 0) + 0.26 * (flow.values[i] ?? 0) + 0.16 * grainy;
      // The wash stops short of the sheet's edge, long sweeps with a frayed line, and dries darker there.
      const inset = Math.min(x, y, width - 1 - x, height - 1 - y);
      const line =
        margin *
        (0.5 + 0.42 * (drift.values[i] ?? 0) + 0.16 * (flow.values[i] ?? 0) + 0.06 * (fray.values[i] ?? 0));
      const painted = smoothstep(0, margin * 0.12, inset - line);
      const rim = painted * (1 - smoothstep(margin * 0.1, margin * 0.4, inset - line));
      for (let channel = 0; channel < 3; channel++) {
        const wash = mix(broad.rgb[from * 3 + channel] ?? 0, detail.rgb[from * 3 + channel] ?? 0, 0.4);
        const colour = mix(wash / 255, 1, 0.08);
        const pigment = colour - (colour - colour * colour) * (density + 0.5 * rim - 1);
        const sheet = 0.985 - channel * 0.012 + 0.012 * grainy;
        out[channel] = 255 * mix(sheet, Math.min(1, pigment * (0.985 + 0.02 * grainy)), painted);
      }
    });
  });
}

/** Thick paint: wide dabs, strong colour, and light that catches the relief of strokes which follow the shapes. */
export function oilPainting(strength: number, seed: number): Effect {
  return onCanvas(async (picture) => {
    const { width, height } = picture;
    const side = sideOf(picture);
    const radius = Math.max(4, (side / 105) * strength);
    const rich = await fromSharp(toSharp(picture).modulate({ saturation: 1.45, brightness: 1.04 }));
    const dabs = await kuwahara(await kuwahara(rich, radius), radius * 0.6);
    const flow = await flowOf(await lumaOf(dabs), Math.round(side / 45));
    const bristles = await alongFlow(await noise(width, height, 2.5, seed), flow, Math.round(side / 75));
    return mapPixels(width, height, (out, at, x, y) => {
      const i = at / 3;
      const before = Math.max(0, y - 1) * width + Math.max(0, x - 1);
      const slope = (bristles.values[i] ?? 0) - (bristles.values[before] ?? 0);
      const light = Math.max(-0.2, Math.min(0.2, 0.55 * slope + 0.05 * (bristles.values[i] ?? 0)));
      for (let channel = 0; channel < 3; channel++) {
        out[channel] = (dabs.rgb[at + channel] ?? 0) * (1 + light) + 55 * light;
      }
    });
  });
}

/** Flat colours in soft steps under ink contours (XDoG after Winnemöller 2011). */
export function cartoon(strength: number): Effect {
  return onCanvas(async (picture) => {
    const { width, height } = picture;
    const side = sideOf(picture);
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

/** A screen print: so many inks, chosen to suit the picture, and no shades between them. */
export function posterize(inks: number): Effect {
  return onCanvas(async (picture) => {
    const side = sideOf(picture);
    const flat = await kuwahara(await kuwahara(picture, side / 190), side / 240);
    const strong = await chain(toneCurve(0.8), saturation(1.4))(flat);
    const printed = await toSharp(strong)
      .png({ palette: true, colours: inks, dither: 0, effort: 4 })
      .toBuffer();
    return fromSharp(sharp(printed));
  });
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
