/** Drawing: contours and hatching on paper. */
import { kuwahara, sideOf } from './brush.ts';
import { saturation } from './colour.ts';
import type { Effect, Picture } from './picture.ts';
import {
  blurred,
  eachRow,
  lumaOf,
  mapPixels,
  mix,
  noise,
  type Plane,
  smoothstep,
  strokes,
} from './planes.ts';

/**
 * What a pencil would mark, 0 (full stroke) to 1 (bare paper): the luma divided by its own blur leaves contours (the
 * colour-dodge drawing of darkrooms), and hatching lies where the picture is dark.
 */
async function pencilMarks(picture: Picture, strength: number, seed: number): Promise<Plane> {
  const { width, height } = picture;
  const side = sideOf(picture);
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
    const pigment = await saturation(1.5)(await kuwahara(picture, sideOf(picture) / 200));
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
