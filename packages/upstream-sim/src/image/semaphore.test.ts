import { describe, expect, it } from 'vitest';
import { Semaphore } from './semaphore.ts';

const never = new AbortController().signal;

describe('the bound on edits', () => {
  it('never lets more run at once than there are places, and lets all run', async () => {
    const places = new Semaphore(2);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      [0, 1, 2, 3, 4].map((number) =>
        places.run(never, async () => {
          running += 1;
          most = Math.max(most, running);
          order.push(number);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        }),
      ),
    );
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it('gives the place back when the work fails', async () => {
    const places = new Semaphore(1);
    await expect(places.run(never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(places.run(never, async () => 'ran')).resolves.toBe('ran');
  });

  it('lets one who gives up waiting leave the queue', async () => {
    const places = new Semaphore(1);
    let finish = (): void => undefined;
    const first = places.run(never, () => new Promise<void>((resolve) => (finish = resolve)));
    const impatient = new AbortController();
    const second = places.run(impatient.signal, async () => 'never');
    const third = places.run(never, async () => 'third');
    impatient.abort(new Error('no more patience'));
    await expect(second).rejects.toThrow('no more patience');
    finish();
    await first;
    await expect(third).resolves.toBe('third');
  });
});
