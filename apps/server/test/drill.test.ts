import { expect, test } from 'vitest';
import { eventually, type Ferry, FerryProcess, startFerry } from './support/ferry.ts';

const QUICK = { FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01' } as const;

interface Drill {
  readonly kinds: readonly { readonly kind: string }[];
  readonly running: { readonly kind: string } | null;
  readonly last: {
    readonly kind: string;
    readonly end: string;
    readonly sent: number;
    readonly arrived: number;
  } | null;
}

const ask = (url: string, method = 'GET', body?: object): Promise<Response> =>
  fetch(`${url}/api/v1/admin/drill`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });

const look = async ({ url }: Ferry): Promise<Drill> => (await (await ask(url)).json()) as Drill;

async function drill(ferry: Ferry, kind: string): Promise<Drill['last']> {
  expect((await ask(ferry.url, 'POST', { kind })).status).toBe(202);
  expect(await eventually(async () => (await look(ferry)).running === null, 50_000), kind).toBe(true);
  return (await look(ferry)).last;
}

test('each drill ends by itself, mends what it broke, and shows what it promises', {
  timeout: 120_000,
}, async () => {
  await using ferry = await startFerry({ env: QUICK });
  expect((await look(ferry)).kinds.map(({ kind }) => kind)).toEqual([
    'reset',
    'busy',
    'silent',
    'killed',
    'http2-refused',
    'outage',
  ]);
  expect(await drill(ferry, 'reset')).toMatchObject({ end: 'finished', sent: 4, arrived: 4 });
  expect(await drill(ferry, 'busy')).toMatchObject({ end: 'finished', sent: 6, arrived: 6 });
  expect(await drill(ferry, 'silent')).toMatchObject({ end: 'finished', sent: 3, arrived: 3 });
  expect(await drill(ferry, 'http2-refused')).toMatchObject({ end: 'finished', sent: 4, arrived: 4 });
});

test('an upload arrives although its upstream is killed in the middle of it', async () => {
  // As patient as a slow machine needs to start another one.
  await using ferry = await startFerry({ env: { FERRY_RETRY__MAX_RETRY: '10' } });
  expect(await drill(ferry, 'killed')).toMatchObject({ end: 'finished', sent: 3, arrived: 3 });
  const answer = await fetch(`${ferry.url}/api/v1/admin/uploads?operation=upload`);
  const { data } = (await answer.json()) as { data: { filename: string; attempts: object[] }[] };
  const [struck] = data.filter(({ filename }) => filename === 'drill-killed-1.jpg');
  expect(struck?.attempts.length).toBeGreaterThan(1);
});

test('there is one drill at a time, and stopping it when there is none changes nothing', async () => {
  await using ferry = await startFerry({ env: QUICK });
  expect((await ask(ferry.url, 'DELETE')).status).toBe(200);
  expect((await ask(ferry.url, 'POST', { kind: 'outage' })).status).toBe(202);
  expect((await ask(ferry.url, 'POST', { kind: 'reset' })).status).toBe(409);
  expect((await ask(ferry.url, 'DELETE')).status).toBe(200);
  expect((await look(ferry)).last).toMatchObject({ kind: 'outage', end: 'stopped' });
});

test('a gateway that is stopped in the middle of a drill stops in time', async () => {
  await using ferry = await startFerry({ env: QUICK });
  await ask(ferry.url, 'POST', { kind: 'outage' });
  ferry.process.kill('SIGTERM');
  expect((await ferry.process.exit()).code).toBe(0);
});

test('a drill that there is not is 400', async () => {
  await using ferry = await startFerry({ env: QUICK });
  for (const body of [{}, { kind: 'flood' }, { kind: 'reset', count: 2 }]) {
    expect((await ask(ferry.url, 'POST', body)).status).toBe(400);
  }
});

test('with a real provider there is no drill', async () => {
  await using process = await FerryProcess.spawn({
    toml: '[[provider]]\nname = "xai"\nbase_url = "https://127.0.0.1:9"\nmodels = ["m"]\nkeys = ["env:XAI_KEY"]\n',
    env: { XAI_KEY: 'xai-0123456789' },
  });
  const ready = await process.line(({ msg }) => msg.startsWith('Ferry is ready: '));
  const url = new URL(ready.msg.slice('Ferry is ready: '.length)).origin;
  for (const method of ['GET', 'POST', 'DELETE']) {
    const body = method === 'POST' ? { kind: 'reset' } : undefined;
    expect((await ask(url, method, body)).status, method).toBe(404);
  }
  const status = (await (await fetch(`${url}/api/v1/admin/status`)).json()) as { drill: unknown };
  expect(status.drill).toBeNull();
});
