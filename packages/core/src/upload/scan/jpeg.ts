import { type Granted, type ImageSize, pass, type Reading, take, type Wish } from './reading.ts';

const FILL = 0xff;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
/** They share the numbers of frames, and are none: DHT, JPG, DAC. */
const NO_FRAMES = new Set([0xc4, 0xc8, 0xcc]);

/**
 * A JPEG from its first marker to the one that ends it. What follows that (the further pictures of a multi-picture file)
 * is not looked at. A size that is told only after the first scan (DNL), and an image of several frames, are left to others.
 * Source: ITU-T T.81, annex B.
 */
export function* readJpeg(): Reading {
  yield* take(2);
  let size: ImageSize | undefined;
  let scans = 0;
  let marker = yield* nextMarker();
  for (;;) {
    if (marker === undefined) return undefined;
    if (marker === END_OF_IMAGE) return scans > 0 ? size : undefined;
    const length = (yield* take(2)).readUInt16BE(0) - 2;
    // Markers that stand alone have no place here: restarts and another beginning.
    if (length < 0 || (marker >= 0xd0 && marker <= 0xd8)) return undefined;
    if (isFrame(marker)) {
      if (size !== undefined || length < 6) return undefined;
      const frame = yield* take(6);
      size = { height: frame.readUInt16BE(1), width: frame.readUInt16BE(3) };
      if (size.height === 0 || size.width === 0) return undefined;
      yield* pass(length - 6);
    } else {
      yield* pass(length);
    }
    if (marker === START_OF_SCAN) {
      if (size === undefined) return undefined;
      scans += 1;
      marker = (yield { type: 'marker' })[0];
    } else {
      marker = yield* nextMarker();
    }
  }
}

const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.has(marker);

/** Where a marker must stand; any number of fill bytes may precede it. Undefined when there is something else. */
function* nextMarker(): Generator<Wish, number | undefined, Granted> {
  if ((yield* take(1))[0] !== FILL) return undefined;
  for (;;) {
    const [byte] = yield* take(1);
    if (byte !== FILL) return byte;
  }
}
