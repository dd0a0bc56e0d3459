/** The client process of a load: takes its order from its parent, reports when it measures and what it saw, and ends. */
import { readFile } from 'node:fs/promises';
import { startMeter } from '../transports/meter.ts';
import { editDirectly } from './edit-directly.ts';
import { fireAtGateway } from './fire-at-gateway.ts';
import type { LoadMessage, LoadOrder } from './load.ts';
import { measureLoad } from './measure-load.ts';

process.once('message', async (order: LoadOrder) => {
  const image = (await readFile(order.imagePath)) as Buffer<ArrayBuffer>;
  const say = (message: LoadMessage, then = (): void => undefined): void =>
    void process.send?.(message, then);
  const send = order.to === 'gateway' ? await fireAtGateway(order, image) : editDirectly(order, image);
  const clocks = { now: () => performance.now(), startMeter };
  const seen = await measureLoad(order, send, () => say({ type: 'measuring' }), clocks);
  say({ type: 'done', ...seen }, () => process.exit(0));
});
