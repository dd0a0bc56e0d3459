import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually, type Ferry, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { readEvents } from './support/server-sent-events.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

let ferry: Ferry;
beforeAll(async () => {
  ferry = await startFerry({ env: { FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01' } });
});
afterAll(() => ferry[Symbol.asyncDispose]());
beforeEach(() => ferry.simulator.reset());

interface Attempt {
  readonly attempt: number;
  readonly delay_ms: number;
  readonly error_type: string;
  readonly status: number | null;
  readonly error: { readonly delivery: string; readonly h2_code: string | null } | null;
  readonly connection: { readonly id: string; readonly protocol: string; readonly reuse: string } | null;
  readonly phase_ms: Readonly<Record<string, number>>;
  readonly credential: string | null;
}

interface Call {
  readonly id: string;
  readonly request_id: string;
  readonly provider: string;
  readonly filename: string | null;
  readonly state: string;
  readonly bytes: number;
  readonly duration_ms: number;
  readonly upstream_ms: number;
  readonly attempts: readonly Attempt[];
  readonly error: { readonly code: string } | null;
}

const get = async (path: string): Promise<unknown> => {
  const response = await fetch(`${ferry.url}/api/v1/admin/${path}`);
  expect(response.status, path).toBe(200);
  return await response.json();
};

async function callsOf(requestId: string | null, operation = 'upload'): Promise<Call[]> {
  const { data } = (await get(`uploads?operation=${operation}&limit=500`)) as { data: Call[] };
  return data.filter((call) => call.request_id === requestId);
}

const edit = () => post(ferry.url, form({ prompt: 'x', image: picture() }));

describe('GET /api/v1/admin/uploads', () => {
  test('an upload that needed two attempts is shown with both, its connections and how long it waited', async () => {
    await ferry.simulator.fault({
      match: { path: UPLOADS },
      fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' },
    });
    const { headers } = await edit();
    const [call] = await callsOf(headers.get('x-request-id'));
    expect(call).toMatchObject({
      provider: 'simulator',
      filename: 'rocket.jpg',
      state: 'ok',
      bytes: picture().size,
      error: null,
      attempts: [
        {
          attempt: 1,
          delay_ms: 0,
          error_type: 'http2_protocol_error',
          status: null,
          error: { delivery: 'unknown', h2_code: 'PROTOCOL_ERROR' },
          connection: { protocol: 'h2' },
        },
        { attempt: 2, error_type: 'none', status: 200, error: null, connection: { protocol: 'h2' } },
      ],
    });
    const [first, second] = call?.attempts ?? [];
    expect(first?.connection?.id).not.toBe(second?.connection?.id);
    expect(second?.delay_ms).toBeGreaterThan(0);
    expect(['fresh', 'prewarmed']).toContain(second?.connection?.reuse);
    expect(Object.keys(second?.phase_ms ?? {})).toContain('headers');
    expect(call?.duration_ms).toBeGreaterThanOrEqual(call?.upstream_ms ?? Number.NaN);
  });

  test('the log lines of every attempt carry the id of the request and of the upload', async () => {
    await ferry.simulator.fault({
      match: { path: UPLOADS },
      fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' },
    });
    const { headers } = await edit();
    const requestId = headers.get('x-request-id');
    const [call] = await callsOf(requestId);
    const lines = ferry.process.lines.filter((line) => line.upload_id === call?.id);
    expect(lines.map(({ msg }) => msg.replace(/:.*|, waiting.*/, ''))).toEqual([
      'HTTP/2 error during upload',
      'Retry 1/3 for status 502',
      'Retry succeeded after 1 attempts',
      'Upload success',
    ]);
    expect(new Set(lines.map((line) => line.request_id))).toEqual(new Set([requestId]));
  });

  test('an edit that the upstream refuses is shown as failed, its upload as ok', async () => {
    await ferry.simulator.fault({
      match: { path: EDITS },
      fault: { kind: 'status', status: 500, when: 'after-body' },
    });
    const { headers } = await edit();
    const requestId = headers.get('x-request-id');
    expect(await callsOf(requestId)).toMatchObject([{ state: 'ok' }]);
    expect(await callsOf(requestId, 'edit')).toMatchObject([
      { state: 'failed', error: { code: 'upstream_status' }, attempts: [{ error_type: '500' }] },
    ]);
  });

  test('an upload whose caller went away is aborted, not failed', async () => {
    await ferry.simulator.fault({ match: { path: UPLOADS }, fault: { kind: 'silence', readBody: true } });
    const requestId = 'caller-goes-away-1';
    const gone = new AbortController();
    const answer = post(ferry.url, form({ prompt: 'x', image: picture() }), {
      signal: gone.signal,
      headers: { 'x-request-id': requestId },
    });
    expect(await eventually(async () => (await callsOf(requestId)).length === 1)).toBe(true);
    gone.abort();
    await expect(answer).rejects.toThrow();
    expect(await eventually(async () => (await callsOf(requestId))[0]?.state === 'aborted')).toBe(true);
  });

  test.each(['operation=delete', 'limit=0', 'limit=501', 'limit=x', 'page=2'])(
    'a query that is not understood (%s) is 400',
    async (query) => {
      const response = await fetch(`${ferry.url}/api/v1/admin/uploads?${query}`);
      expect(response.status).toBe(400);
    },
  );
});

interface Transport {
  readonly connections: readonly { readonly id: string; readonly state: string; readonly uses: number }[];
  readonly closed: readonly {
    readonly id: string;
    readonly retire_reason: string;
    readonly uses: number;
    readonly reuse_session: boolean;
  }[];
  readonly pools: readonly { readonly protocol: string; readonly reuse_session: boolean }[];
  readonly fallback: readonly { readonly origin: string; readonly road: string; readonly reason: string }[];
}

const transport = async (): Promise<Transport> => (await get('transport')) as Transport;

describe('GET /api/v1/admin/transport', () => {
  test('a shared connection is shown live, an isolated one as closed because it was used up', async () => {
    await post(ferry.url, form({ prompt: 'x', image: picture(), reuse_session: 'true' }));
    await edit();
    const { connections, pools } = await transport();
    expect(connections).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ state: 'live', reuse_session: true, protocol: 'h2', uses: 2, streams: 0 }),
      ]),
    );
    expect(pools.map(({ protocol, reuse_session }) => `${protocol} ${reuse_session}`).sort()).toEqual([
      'h2 false',
      'h2 true',
      'http/1.1 false',
      'http/1.1 true',
    ]);
    const usedUp = async () =>
      (await transport()).closed.some(
        (connection) =>
          connection.retire_reason === 'used-up' && connection.uses === 1 && !connection.reuse_session,
      );
    expect(await eventually(usedUp)).toBe(true);
  });

  test('the events begin with all of it and go on with what happens to connections', async () => {
    using events = await readEvents(`${ferry.url}/api/v1/admin/transport/events`);
    expect((await events.next()).event).toBe('transport');
    await edit();
    const seen = new Set<unknown>();
    while (!seen.has('closed')) {
      const { event, data } = await events.next();
      if (event === 'connection') seen.add((data as { change: string }).change);
    }
    expect(seen).toContain('retired');
  });

  test('listening does not keep the gateway from stopping', async () => {
    await using other = await startFerry();
    using events = await readEvents(`${other.url}/api/v1/admin/transport/events`);
    await events.next();
    other.process.kill('SIGTERM');
    expect(await other.process.exit()).toEqual({ code: 0, signal: null });
  });
});

describe('POST /api/v1/admin/transport/fallback/reset', () => {
  const reset = (query = '') =>
    fetch(`${ferry.url}/api/v1/admin/transport/fallback/reset${query}`, { method: 'POST' });

  test('an origin that asked for HTTP/1.1 is spoken to over HTTP/2 again', async () => {
    await ferry.simulator.fault({
      match: { path: UPLOADS },
      fault: { kind: 'rst', code: 'HTTP_1_1_REQUIRED', when: 'before' },
    });
    await edit();
    const [mark] = (await transport()).fallback;
    expect(mark).toMatchObject({ provider: 'simulator', road: 'http1', reason: 'http1-required' });
    const response = await reset(`?origin=${encodeURIComponent(mark?.origin ?? '')}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ fallback: [] });
    expect(ferry.process.lines).toContainEqual(
      expect.objectContaining({ audit: 'fallback.reset', target: mark?.origin, who: 'loopback' }),
    );
    const { headers } = await edit();
    expect(await callsOf(headers.get('x-request-id'))).toMatchObject([
      { attempts: [{ connection: { protocol: 'h2' } }] },
    ]);
  });

  test('an origin that nothing is held against is 404', async () => {
    expect((await reset('?origin=https://nobody.example')).status).toBe(404);
  });

  test('without an origin all of them are reset', async () => {
    expect((await reset()).status).toBe(200);
  });
});
