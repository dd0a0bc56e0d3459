import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type TcpProxyOptions, tcpProxy } from './tcp-proxy.ts';
import { listenTcp } from './tls-listener.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A client behind a proxy, before a listener that counts. */
async function road(options: Omit<TcpProxyOptions, 'to'>) {
  let arrived = 0;
  let looked = (): void => undefined;
  const sink = await listenTcp((socket) => {
    socket.on('data', (bytes: Buffer) => {
      arrived += bytes.byteLength;
      looked();
    });
  });
  const proxy = await tcpProxy({ to: sink.url, ...options });
  const client: Socket = net.connect(Number(proxy.url.port), '127.0.0.1');
  await once(client, 'connect');
  closers.push(sink.close, proxy.close, async () => void client.destroy());
  const until = (bytes: number): Promise<void> =>
    new Promise((resolve) => {
      looked = () => {
        if (arrived >= bytes) resolve();
      };
      looked();
    });
  return { proxy, client, until };
}

it('a narrow road with a queue makes the sender wait, and when it is widened everything arrives', async () => {
  const { proxy, client, until } = await road({
    toUpstream: { bytesPerSecond: 100_000, sliceBytes: 1_000, queueBytes: 16_384 },
  });
  const chunk = Buffer.alloc(1_000_000);
  for (let i = 0; i < 40; i += 1) client.write(chunk);
  await until(20_000);
  // The kernel's buffers hold some; the rest has to stay with whoever sends.
  expect(client.writableLength).toBeGreaterThan(10_000_000);
  expect(proxy.bytesFromClients()).toBeLessThan(10_000_000);
  proxy.widen();
  await until(40_000_000);
});

it('a narrow road without a queue takes whatever comes', async () => {
  const { proxy, client, until } = await road({
    toUpstream: { bytesPerSecond: 50_000_000, sliceBytes: 100_000 },
  });
  client.write(Buffer.alloc(5_000_000));
  await until(5_000_000);
  expect(proxy.bytesFromClients()).toBe(5_000_000);
});

it('a sender in slow start brings everything, in order', async () => {
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
  const received: Buffer[] = [];
  const whole = Promise.withResolvers<void>();
  const sink = await listenTcp((socket) => {
    socket.on('data', (bytes: Buffer) => received.push(bytes));
    socket.on('end', () => whole.resolve());
  });
  const proxy = await tcpProxy({
    to: sink.url,
    toUpstream: { delayMs: 2, bytesPerSecond: 50_000_000, slowStart: { firstWindowBytes: 14_600 } },
  });
  closers.push(sink.close, proxy.close);
  net.connect(Number(proxy.url.port), '127.0.0.1').end(sent);
  await whole.promise;
  expect(Buffer.concat(received).equals(sent)).toBe(true);
});

it('what comes to a shared road waits for what came before it, on whatever connection', async () => {
  const sizes = [200_000, 20_000];
  const whole: number[] = [];
  const both = Promise.withResolvers<void>();
  const sink = await listenTcp((socket) => {
    let arrived = 0;
    socket.on('data', (bytes: Buffer) => {
      arrived += bytes.byteLength;
      if (sizes.includes(arrived) && whole.push(arrived) === 2) both.resolve();
    });
  });
  const road = { bytesPerSecond: 1_000_000, shared: true, sliceBytes: 50_000 };
  const proxy = await tcpProxy({ to: sink.url, toUpstream: road });
  closers.push(sink.close, proxy.close);
  let sent = 0;
  for (const size of sizes) {
    const client = net.connect(Number(proxy.url.port), '127.0.0.1');
    closers.push(async () => void client.destroy());
    client.write(Buffer.alloc(size));
    sent += size;
    await expect.poll(() => proxy.bytesFromClients(), { interval: 1 }).toBe(sent);
  }
  await both.promise;
  expect(whole).toEqual(sizes);
});
