/** What a brush does: dabs that keep edges, and strokes that follow shapes. */
import { type Effect, fromSharp, type Picture, toSharp } from './picture.ts';
import { boxMean, channelOf, eachRow, lumaOf, mapPixels, type Plane } from './planes.ts';

/** Painting has no finer detail than a brush: these effects work at about this many pixels a side. */
const CANVAS_SIDE = 1100;

/**
 * Runs an effect at the size of the canvas and returns to the picture's own size. Small pictures are enlarged, up to
 * twice, so that dabs and strokes have room for a shape.
 */
export function onCanvas(effect: Effect): Effect {
  return async (picture) => {
    const scale = Math.min(2, CANVAS_SIDE / Math.max(picture.width, picture.height));
    const canvas = await fromSharp(
      toSharp(picture).resize(
        Math.max(1, Math.round(picture.width * scale)),
        Math.max(1, Math.round(picture.height * scale)),
        { fit: 'fill', kernel: 'cubic' },
      ),
    );
    const painted = await effect(canvas);
    return fromSharp(
      toSharp(painted).resize(picture.width, picture.height, { fit: 'fill', kernel: 'lanczos3' }),
    );
  };
}

/** The side of a square of the same area: what brush sizes are measured by, whatever the picture's shape. Pixels. */
export function sideOf({ width, height }: Picture): number {
  return Math.sqrt(width * height);
}

/**
 * The Kuwahara filter with soft weights (Papari et al. 2007): each pixel takes the mean of the calmest quadrant around it,
 * which smooths surfaces into dabs and keeps edges.
 */
export async function kuwahara(picture: Picture, radius: number): Promise<Picture> {
  const { width, height } = picture;
  const half = Math.max(1, Math.round(radius / 2));
  const luma = await lumaOf(picture);
  const square = { ...luma, values: new Float32Array(width * height) };
  await eachRow(height, (y) => {
    for (let i = y * width; i < (y + 1) * width; i++) square.values[i] = (luma.values[i] ?? 0) ** 2;
  });
  const [red, green, blue, mean, meanSquare] = [
    await boxMean(await channelOf(picture, 0), half),
    await boxMean(await channelOf(picture, 1), half),
    await boxMean(await channelOf(picture, 2), half),
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

/** The direction of shapes at each pixel as a unit vector along them, smoothed over `radius` pixels. */
export interface Flow {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Directions by the smoothed structure tensor (Kyprianidis and Doellner 2008). */
export async function flowOf({ width, height, values }: Plane, radius: number): Promise<Flow> {
  const xx = new Float32Array(width * height);
  const yy = new Float32Array(width * height);
  const xy = new Float32Array(width * height);
  await eachRow(height, (y) => {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const gx = (values[i + (x + 1 < width ? 1 : 0)] ?? 0) - (values[i - (x > 0 ? 1 : 0)] ?? 0);
      const gy = (values[i + (y + 1 < height ? width : 0)] ?? 0) - (values[i - (y > 0 ? width : 0)] ?? 0);
      xx[i] = gx * gx;
      yy[i] = gy * gy;
      xy[i] = gx * gy;
    }
  });
  const [a, b, c] = [
    await boxMean({ width, height, values: xx }, radius),
    await boxMean({ width, height, values: yy }, radius),
    await boxMean({ width, height, values: xy }, radius),
  ];
  const flow = { x: new Float32Array(width * height), y: new Float32Array(width * height) };
  await eachRow(height, (y) => {
    for (let i = y * width; i < (y + 1) * width; i++) {
      // Half the angle of the tensor is across the shape; a quarter turn more is along it.
      const angle =
        0.5 * Math.atan2(2 * (c.values[i] ?? 0), (a.values[i] ?? 0) - (b.values[i] ?? 0)) + Math.PI / 2;
      flow.x[i] = Math.cos(angle);
      flow.y[i] = Math.sin(angle);
    }
  });
  return flow;
}

/** Smears values along the flow, `reach` pixels to both sides (line integral convolution, Cabral and Leedom 1993). */
export async function alongFlow({ width, height, values }: Plane, flow: Flow, reach: number): Promise<Plane> {
  const out = new Float32Array(width * height);
  await eachRow(height, (row) => {
    for (let column = 0; column < width; column++) {
      let sum = values[row * width + column] ?? 0;
      let count = 1;
      for (const way of [1, -1]) {
        let x = column;
        let y = row;
        let dx = way * (flow.x[row * width + column] ?? 0);
        let dy = way * (flow.y[row * width + column] ?? 0);
        for (let step = 0; step < reach; step++) {
          x += dx;
          y += dy;
          const cx = Math.round(x);
          const cy = Math.round(y);
          if (cx < 0 || cy < 0 || cx >= width || cy >= height) break;
          const i = cy * width + cx;
          sum += values[i] ?? 0;
          count += 1;
          // A direction has no sign: go on the way we came.
          const fx = flow.x[i] ?? 0;
          const fy = flow.y[i] ?? 0;
          const sign = fx * dx + fy * dy < 0 ? -1 : 1;
          dx = sign * fx;
          dy = sign * fy;
        }
      }
      out[row * width + column] = sum / count;
    }
  });
  return { width, height, values: out };
}
