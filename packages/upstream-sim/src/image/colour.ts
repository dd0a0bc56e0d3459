/** Light and colour: tone curves, colour matrices, graded looks. */
import { type Effect, fromSharp, type Picture, toSharp } from './picture.ts';
import { blurred, mapPixels, mapValues, mix, noise, smoothstep } from './planes.ts';
import { randomFrom } from './random.ts';

export type Rgb = readonly [red: number, green: number, blue: number];
type Matrix = [[number, number, number], [number, number, number], [number, number, number]];

const LUMA: [number, number, number] = [0.2126, 0.7152, 0.0722];
const IDENTITY: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Applies a colour matrix, blended with the original by `amount` (0 to 1). */
export function colourMatrix(matrix: Matrix, amount = 1): Effect {
  const blend = (row: 0 | 1 | 2, column: 0 | 1 | 2): number =>
    mix(IDENTITY[row][column], matrix[row][column], amount);
  const blended: Matrix = [
    [blend(0, 0), blend(0, 1), blend(0, 2)],
    [blend(1, 0), blend(1, 1), blend(1, 2)],
    [blend(2, 0), blend(2, 1), blend(2, 2)],
  ];
  return (picture) => fromSharp(toSharp(picture).recomb(blended));
}

/** All three channels become the luma, so they are equal to the bit. */
export const grayscale: Effect = colourMatrix([LUMA, LUMA, LUMA]);

/** Brown tones as of an old print; the matrix is the one of the CSS filter-effects specification. */
export function sepia(strength: number): Effect {
  const matrix: Matrix = [
    [0.393, 0.769, 0.189],
    [0.349, 0.686, 0.168],
    [0.272, 0.534, 0.131],
  ];
  return colourMatrix(matrix, Math.min(1, strength));
}

export const invert: Effect = (picture) => fromSharp(toSharp(picture).negate({ alpha: false }));

/** `power` below 1 lightens the middle tones and above 1 darkens them; black and white stay. */
export function toneCurve(power: number): Effect {
  const table = Uint8Array.from({ length: 256 }, (_, value) => Math.round(255 * (value / 255) ** power));
  return (picture) => mapValues(picture, table);
}

/** More (or, below 1, less) difference around the middle grey. */
export function contrast(factor: number): Effect {
  return (picture) => fromSharp(toSharp(picture).linear(factor, 128 * (1 - factor)));
}

/** Multiplies the colourfulness. */
export function saturation(factor: number): Effect {
  return (picture) => fromSharp(toSharp(picture).modulate({ saturation: factor }));
}

/** Positive is warmer (towards amber), negative colder (towards blue). */
export function temperature(shift: number): Effect {
  const matrix: Matrix = [
    [1 + 0.16 * shift, 0.04 * Math.max(0, shift), 0],
    [0, 1 + 0.02 * shift, 0],
    [0, 0, 1 - 0.22 * shift],
  ];
  return colourMatrix(matrix);
}

export interface Grade {
  readonly shadows: Rgb;
  readonly highlights: Rgb;
  /** 0 keeps the colours, 1 leaves the two tones alone. */
  readonly amount: number;
}

/** Draws shadows towards one colour and highlights towards another, as film grading does. */
export function splitTone({ shadows, highlights, amount }: Grade): Effect {
  return (picture) => {
    const { rgb } = picture;
    return mapPixels(picture.width, picture.height, (out, at) => {
      const red = rgb[at] ?? 0;
      const green = rgb[at + 1] ?? 0;
      const blue = rgb[at + 2] ?? 0;
      const luma = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
      out[0] = mix(red, mix(shadows[0], highlights[0], luma), amount);
      out[1] = mix(green, mix(shadows[1], highlights[1], luma), amount);
      out[2] = mix(blue, mix(shadows[2], highlights[2], luma), amount);
    });
  };
}

/** Light that spills from bright places: a blurred copy, screened over the picture. */
export function bloom(amount: number): Effect {
  return async (picture) => {
    const glow = await blurred(picture, Math.max(picture.width, picture.height) / 45);
    return mapPixels(picture.width, picture.height, (out, at) => {
      for (let channel = 0; channel < 3; channel++) {
        const base = picture.rgb[at + channel] ?? 0;
        const light = amount * (glow.rgb[at + channel] ?? 0);
        out[channel] = 255 - ((255 - base) * (255 - light)) / 255;
      }
    });
  };
}

/** Darker corners. */
export function vignette(amount: number): Effect {
  return ({ width, height, rgb }) =>
    mapPixels(width, height, (out, at, x, y) => {
      const distance = Math.hypot((x / width - 0.5) * 2, (y / height - 0.5) * 2) / Math.SQRT2;
      const light = 1 - amount * smoothstep(0.35, 1.05, distance);
      out[0] = (rgb[at] ?? 0) * light;
      out[1] = (rgb[at + 1] ?? 0) * light;
      out[2] = (rgb[at + 2] ?? 0) * light;
    });
}

/** The grain of film. */
export function grain(amount: number, seed: number): Effect {
  return ({ width, height, rgb }) => {
    const random = randomFrom(seed);
    return mapPixels(width, height, (out, at) => {
      const shift = (random() + random() - 1) * 60 * amount;
      out[0] = (rgb[at] ?? 0) + shift;
      out[1] = (rgb[at + 1] ?? 0) + shift;
      out[2] = (rgb[at + 2] ?? 0) + shift;
    });
  };
}

/** A soft coloured light that falls in from (x, y), both 0 to 1, screened over the picture. */
export function lightLeak(colour: Rgb, x: number, y: number, amount: number): Effect {
  return ({ width, height, rgb }) =>
    mapPixels(width, height, (out, at, column, row) => {
      const distance = Math.hypot(column / width - x, row / height - y);
      const light = amount * (1 - smoothstep(0, 0.85, distance));
      for (let channel = 0; channel < 3; channel++) {
        const base = rgb[at + channel] ?? 0;
        out[channel] = 255 - ((255 - base) * (255 - light * (colour[channel as 0 | 1 | 2] ?? 0))) / 255;
      }
    });
}

/** Snow in the air: flakes of three sizes, the large ones out of focus. */
export function snowfall(seed: number): Effect {
  return async (picture) => {
    const side = Math.max(picture.width, picture.height);
    const layers = await Promise.all(
      [side / 420, side / 220, side / 110].map(async (cell, at) => ({
        flakes: await noise(picture.width, picture.height, Math.max(2, cell), seed + at),
        threshold: 0.8 + at * 0.04,
        opacity: 0.95 - at * 0.25,
      })),
    );
    return mapPixels(picture.width, picture.height, (out, at) => {
      let cover = 0;
      for (const { flakes, threshold, opacity } of layers) {
        cover = Math.max(cover, opacity * smoothstep(threshold, 1, flakes.values[at / 3] ?? 0));
      }
      out[0] = mix(picture.rgb[at] ?? 0, 255, cover);
      out[1] = mix(picture.rgb[at + 1] ?? 0, 255, cover);
      out[2] = mix(picture.rgb[at + 2] ?? 0, 255, cover);
    });
  };
}

/** Runs effects one after another. */
export function chain(...effects: readonly Effect[]): Effect {
  return async (picture: Picture) => {
    let current = picture;
    for (const effect of effects) current = await effect(current);
    return current;
  };
}
