/** From an operation's name to what it does. */
import {
  bloom,
  chain,
  colourMatrix,
  contrast,
  grain,
  grayscale,
  invert,
  lightLeak,
  type Rgb,
  saturation,
  sepia,
  snowfall,
  splitTone,
  temperature,
  toneCurve,
  vignette,
} from './colour.ts';
import { cartoon, oilPainting, pixelate, posterize, watercolour } from './paint.ts';
import { colouredPencil, pencilSketch } from './pencil.ts';
import { type Effect, fromSharp, toSharp } from './picture.ts';
import type { OperationName, ReadPrompt } from './prompt-words.ts';
import { randomFrom } from './random.ts';

type Settings = Pick<ReadPrompt, 'strength' | 'degrees'> & { readonly seed: number };

/** The effect of one operation. */
export function effectOf(operation: OperationName, { strength, degrees, seed }: Settings): Effect {
  switch (operation) {
    case 'grayscale':
      return grayscale;
    case 'sepia':
      return sepia(strength);
    case 'vintage':
      return chain(
        sepia(0.55 * strength),
        saturation(0.85),
        splitTone({ shadows: [52, 40, 58], highlights: [255, 240, 205], amount: 0.2 }),
        grain(0.28, seed),
        lightLeak([255, 120, 40], 1, 0.1, 0.28),
        vignette(0.45),
      );
    case 'blur':
      return (picture) =>
        fromSharp(
          toSharp(picture).blur(strength * Math.max(1, Math.max(picture.width, picture.height) / 100)),
        );
    case 'sharpen':
      return (picture) =>
        fromSharp(toSharp(picture).sharpen({ sigma: 1.2, m1: 1.5 * strength, m2: 3.5 * strength }));
    case 'invert':
      return invert;
    case 'brighter':
      return chain(toneCurve(1 - 0.38 * Math.min(strength, 1.6)), contrast(1.04));
    case 'darker':
      return toneCurve(1 + 0.75 * strength);
    case 'contrast':
      return chain(contrast(1 + 0.35 * strength), vignette(0.3));
    case 'warmer':
      return temperature(strength);
    case 'colder':
      return temperature(-strength);
    case 'vivid':
      return chain(saturation(1 + 0.45 * strength), contrast(1.1), bloom(0.1));
    case 'muted':
      return chain(saturation(1 - 0.45 * Math.min(strength, 1.6)), toneCurve(0.85), contrast(0.88));
    case 'rotate':
      return (picture) => fromSharp(toSharp(picture).rotate(degrees, { background: '#ffffff' }));
    case 'mirror':
      return (picture) => fromSharp(toSharp(picture).flop());
    case 'upside-down':
      return (picture) => fromSharp(toSharp(picture).flip());
    case 'pixelate':
      return pixelate(72 / strength);
    case 'sketch':
      return pencilSketch(strength, seed);
    case 'colored-pencil':
      return colouredPencil(strength, seed);
    case 'watercolor':
      return watercolour(strength, seed);
    case 'oil-painting':
      return oilPainting(strength, seed);
    case 'cartoon':
      return cartoon(strength);
    case 'posterize':
      return posterize(strength > 1 ? 7 : 12);
    case 'border':
      return border(strength);
    case 'vignette':
      return vignette(Math.min(0.9, 0.65 * strength));
    case 'sunset':
      return chain(
        splitTone({ shadows: [58, 24, 72], highlights: [255, 176, 92], amount: 0.42 }),
        lightLeak([255, 130, 50], 0.5, 0.1, 0.4),
        saturation(1.2),
        vignette(0.3),
      );
    case 'night':
      return chain(
        toneCurve(1.5),
        splitTone({ shadows: [4, 8, 30], highlights: [150, 180, 235], amount: 0.55 }),
        vignette(0.55),
      );
    case 'winter':
      return chain(
        saturation(0.55),
        toneCurve(0.82),
        splitTone({ shadows: [44, 62, 92], highlights: [242, 248, 255], amount: 0.4 }),
        snowfall(seed),
      );
    case 'autumn':
      return chain(
        colourMatrix([
          [0.95, 0.4, -0.1],
          [0.2, 0.72, 0],
          [0.05, 0.1, 0.7],
        ]),
        saturation(1.2),
        vignette(0.25),
      );
    case 'neon':
      return chain(
        contrast(1.3),
        splitTone({ shadows: [30, 8, 92], highlights: [70, 240, 255], amount: 0.5 }),
        lightLeak([255, 30, 160], 0, 0.9, 0.6),
        saturation(1.5),
        bloom(0.3),
      );
    case 'dreamy':
      return chain(
        bloom(0.42),
        saturation(0.9),
        splitTone({ shadows: [70, 50, 110], highlights: [255, 240, 246], amount: 0.18 }),
      );
  }
}

/** A mount of white board with a fine line, its lower margin deeper, as framers cut it. */
function border(strength: number): Effect {
  return (picture) => {
    const margin = Math.round((Math.max(picture.width, picture.height) / 22) * strength);
    const line = Math.max(1, Math.round(margin / 18));
    return fromSharp(
      toSharp(picture).extend({ top: line, left: line, right: line, bottom: line, background: '#b9b4aa' }),
    ).then((lined) =>
      fromSharp(
        toSharp(lined).extend({
          top: margin,
          left: margin,
          right: margin,
          bottom: Math.round(margin * 1.5),
          background: '#fbfaf6',
        }),
      ),
    );
  };
}

/**
 * The look of a prompt that names nothing known: two colours, a light and a contrast that follow from its text alone, so
 * that the same words always look the same and other words look different.
 */
export function lookOf(seed: number): Effect {
  const random = randomFrom(seed);
  const hue = random();
  const shadows = fromHue(hue, 0.75, 0.2);
  const highlights = fromHue(hue + 0.42 + 0.16 * random(), 0.7, 0.82);
  return chain(
    contrast(1.08 + 0.14 * random()),
    splitTone({ shadows, highlights, amount: 0.55 + 0.15 * random() }),
    lightLeak(fromHue(hue + 0.5, 0.9, 0.6), Math.round(random()), random(), 0.35),
    saturation(1.15 + 0.25 * random()),
    grain(0.1, seed),
    vignette(0.35),
  );
}

/** HSL to RGB; hue, saturation and lightness from 0 to 1. */
function fromHue(hue: number, saturated: number, light: number): Rgb {
  const channel = (offset: number): number => {
    const k = (offset + hue * 12) % 12;
    return 255 * (light - saturated * Math.min(light, 1 - light) * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}
