/** Two uploads on one HTTP/1.1 connection, then a network that drops everything, then a third. Prints what happens, a line each. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_ATTEMPT_LIMITS, fromText, POOLED } from '@ferry/core';
import { createHttp1Transport } from '@ferry/transport-http1';

const [, , ip = 'ip'] = process.argv;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const loopback = (state: 'up' | 'down'): void => void execFileSync(ip, ['link', 'set', 'lo', state]);

loopback('up');
const server = createServer((request, response) => void request.resume().once('end', () => response.end()));
// Nothing but the probes may end a connection.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

const gone = Promise.withResolvers<void>();
const transport = createHttp1Transport({
  policy: { ...POOLED, maxIdleMs: 600_000 },
  onPoolEvent(event) {
    if (event.type === 'retired') say(`retired: ${event.reason}`);
    if (event.type === 'closed') gone.resolve();
  },
});

async function upload(): Promise<void> {
  const request = { method: 'POST', url, headers: {}, body: fromText('image') } as const;
  const attempt = { signal: new AbortController().signal, limits: DEFAULT_ATTEMPT_LIMITS };
  const { status, body, done } = await transport.send(request, attempt);
  for await (const _ of body);
  say(`${status} on a ${(await done).connectionOrigin} connection`);
}

await upload();
await upload();
loopback('down');
say('dark');
await gone.promise;
loopback('up');
say('light');
await upload();
await transport.close();
server.close();
server.closeAllConnections();
