import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually, type Ferry, leftovers, startFerry } from './support/ferry.ts';
import { bytesOf, form, IMG2IMG, largePng, picture, post, ROCKET } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';
import { SlowClient } from './support/slow-client.ts';

/** So that there are files to be left behind. */
const SPOOLS_ON_DISK = { FERRY_UPLOAD__SPOOL_MEMORY_MB: '0' };

let ferry: Ferry;
beforeAll(async () => {
  // One slot: a slot that leaked would keep every later request waiting.
  ferry = await startFerry({
    env: { ...SPOOLS_ON_DISK, FERRY_UPLOAD__CONCURRENCY: '1', FERRY_POOL__SPARES: '0' },
  });
});
afterAll(() => ferry[Symbol.asyncDispose]());
beforeEach(() => ferry.simulator.reset());

/** Posts a form and goes away when `until` holds. */
async function goAway(body: FormData, until: () => Promise<boolean>): Promise<void> {
  const caller = new AbortController();
  const gone = fetch(`${ferry.url}${IMG2IMG}`, { method: 'POST', body, signal: caller.signal }).catch(
    () => undefined,
  );
  expect(await eventually(until)).toBe(true);
  caller.abort();
  await gone;
}

/** Nothing of the request is left, and the next one is served. */
async function expectNothingLeft(): Promise<void> {
  expect(await eventually(async () => (await leftovers(ferry)).length === 0)).toBe(true);
  expect(await eventually(async () => (await ferry.simulator.openConnections()) === 0)).toBe(true);
  expect((await post(ferry.url, form({ prompt: 'x', image: picture() }))).status).toBe(200);
}

const isOpen = async (path: string): Promise<boolean> => (await ferry.simulator.requests(path)).length > 0;

const largePicture = async (): Promise<File> => picture(await largePng(), 'large.png');

test('a caller that goes away during the upload cancels it upstream and frees everything', async () => {
  await ferry.simulator.fault({ match: { path: UPLOADS }, fault: { kind: 'stall', afterBytes: 65_536 } });
  await goAway(form({ prompt: 'x', image: [await largePicture(), await largePicture()] }), () =>
    isOpen(UPLOADS),
  );
  expect(
    await eventually(async () =>
      (await ferry.simulator.requests(UPLOADS)).every(({ outcome }) => outcome === 'aborted'),
    ),
  ).toBe(true);
  await expectNothingLeft();
});

test('a caller that goes away during the edit cancels it upstream and frees everything', async () => {
  await ferry.simulator.fault({ match: { path: EDITS }, fault: { kind: 'silence', readBody: true } });
  await goAway(form({ prompt: 'x', image: picture() }), () => isOpen(EDITS));
  await expectNothingLeft();
  await ferry.process.line(({ msg }) => msg === 'The caller went away');
});

test('a caller that goes away in the middle of its own file leaves no spool', async () => {
  const { hostname, port } = new URL(ferry.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    `POST ${IMG2IMG} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-length: 9000000\r\n` +
      'content-type: multipart/form-data; boundary=b\r\n\r\n' +
      '--b\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n',
  );
  socket.write(bytesOf(ROCKET));
  socket.write(Buffer.alloc(1_000_000));
  // Past the part that stays in memory: there is a file now.
  expect(await eventually(async () => (await leftovers(ferry)).length > 0)).toBe(true);
  socket.destroy();
  await expectNothingLeft();
});

test('a caller that sends too slowly is answered 408 and leaves nothing', async () => {
  await using slow = await startFerry({
    env: { ...SPOOLS_ON_DISK, FERRY_SERVER__REQUEST_TIMEOUT_MS: '1000' },
  });
  const { hostname, port } = new URL(slow.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  socket.write(
    `POST ${IMG2IMG} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-length: 9000000\r\n` +
      'content-type: multipart/form-data; boundary=b\r\n\r\n--b\r\n' +
      'content-disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n',
  );
  socket.write(Buffer.alloc(1_000_000));
  await once(socket, 'close');
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toContain('"code":"request_timeout"');
  expect(await eventually(async () => (await leftovers(slow)).length === 0)).toBe(true);
});

test('what a gateway killed with -9 left is removed at the next start, and a gateway that shares its folder keeps its own', async () => {
  const image = await largePng();
  await using first = await startFerry({ env: SPOOLS_ON_DISK });
  const spools = join(first.process.folder, '.ferry', 'tmp');
  using client = new SlowClient(first.url, { image, filename: 'large.png', before: { prompt: 'x' } });
  await client.sendUntil(2_000_000);
  // Unlinked, too: before that, a file of its name would be the spool itself, and be unlinked with it.
  const isUnlinked = (path: string): boolean => path.endsWith(' (deleted)');
  expect(await eventually(async () => (await leftovers(first)).some(isUnlinked))).toBe(true);

  // As the gateway's own, had it been killed before it could unlink them: one of its process, one of a process before it.
  const [open = ''] = await leftovers(first);
  const own = basename(open).replace(' (deleted)', '');
  const dead = own.replace(/^(ferry-\w+-\d+)-\d+/, '$1-1');
  for (const name of [own, dead]) await writeFile(join(spools, name), 'half an image', { mode: 0o600 });
  await using second = await startFerry({
    env: { FERRY_SERVER__DATA_DIR: join(first.process.folder, '.ferry') },
  });
  await second.process.line(({ msg }) => msg === 'Removed temporary files of processes that have ended');
  expect(await readdir(spools)).toEqual([own]);
  client.finish();
  expect((await client.reply()).status).toBe(200);

  first.process.kill('SIGKILL');
  await first.process.exited;
  await using third = await startFerry({
    env: { FERRY_SERVER__DATA_DIR: join(first.process.folder, '.ferry') },
  });
  await third.process.line(({ msg }) => msg === 'Removed temporary files of processes that have ended');
  expect(await readdir(spools)).toEqual([]);
});
