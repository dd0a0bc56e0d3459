/** The client process of a load: takes its order from its parent, reports when it measures and what it saw, and ends. */
import { readFile } from 'node:fs/promises';
import { startMeter } from '../transports/meter.ts';
import { editDirectly } from './edit-directly.ts';
import { fireAtGateway } from './fire-at-gateway.ts';
import type { LoadMessage, LoadOrder } from './load.ts';
import { Tally } from './tally.ts';

process.once('message', async (order: LoadOrder) => {
  const image = (await readFile(order.imagePath)) as Buffer<ArrayBuffer>;
  let read = startMeter();
  const say = (message: LoadMessage): void => void process.send?.(message);
  const tally = new Tally(order, () => {
    read = startMeter();
    say({ type: 'measuring' });
  });
  await (order.to === 'gateway' ? fireAtGateway(order, image, tally) : editDirectly(order, image, tally));
  const { latenciesMs, answered, failures } = tally;
  const message: LoadMessage = { type: 'done', latenciesMs, answered, failures, ...read() };
  process.send?.(message, () => process.exit(0));
});
