import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Ferry, startFerry } from './support/ferry.ts';
import { form, IMG2IMG, picture } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

let ferry: Ferry;
beforeAll(async () => {
  ferry = await startFerry({ env: { FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01' } });
});
afterAll(() => ferry[Symbol.asyncDispose]());
beforeEach(() => ferry.simulator.reset());

interface Event {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

async function events(body: FormData): Promise<{ response: Response; events: Event[] }> {
  const response = await fetch(`${ferry.url}${IMG2IMG}`, {
    method: 'POST',
    body,
    headers: { accept: 'text/event-stream' },
  });
  const blocks = (await response.text()).split('\n\n').filter((block) => block.startsWith('event: '));
  return {
    response,
    events: blocks.map((block) => {
      const [, event = '', data = ''] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? [];
      return { event, data: JSON.parse(data) };
    }),
  };
}

const kinds = (list: readonly Event[]): string[] =>
  list.map(({ event, data }) => (typeof data.type === 'string' ? `${event}:${data.type}` : event));

test('an edit is told as it happens, from accepted to result', async () => {
  const { response, events: list } = await events(form({ prompt: 'x', image: picture() }));
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(list[0]).toEqual({ event: 'accepted', data: { request_id: response.headers.get('x-request-id') } });
  const told = kinds(list).filter((kind, i, all) => kind !== all[i - 1]);
  expect(told).toEqual([
    'accepted',
    'image',
    'upload:attempt_started',
    'upload:bytes_sent',
    'upload:attempt_ended',
    'upload:uploaded',
    'edit:attempt_started',
    'edit:bytes_sent',
    'edit:attempt_ended',
    'result',
  ]);
  expect(list.find(({ event }) => event === 'image')?.data).toEqual({
    index: 0,
    filename: 'rocket.jpg',
    bytes: 112525,
  });
  const sent = list.filter(({ event, data }) => event === 'upload' && data.type === 'bytes_sent').at(-1);
  expect(sent?.data.bytes_sent).toBe(sent?.data.bytes_total);
  expect(list.at(-1)?.data).toMatchObject({
    model: 'grok-imagine-image',
    data: [{ mime_type: expect.any(String) }],
  });
});

test('a retry is told with its reason and the attempt that failed', async () => {
  await ferry.simulator.fault({
    match: { path: UPLOADS },
    fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' },
  });
  const { events: list } = await events(form({ prompt: 'x', image: picture() }));
  const retry = list.find(({ data }) => data.type === 'retry');
  expect(retry).toEqual({
    event: 'upload',
    data: {
      index: 0,
      filename: 'rocket.jpg',
      type: 'retry',
      retry: 1,
      max_retries: 3,
      status: 502,
      wait_ms: expect.any(Number),
      reason: expect.stringContaining('PROTOCOL_ERROR'),
    },
  });
  const failed = list.find(({ data }) => data.type === 'attempt_ended');
  expect(failed?.data.attempt).toMatchObject({
    attempt: 1,
    status: null,
    error: { kind: 'reset', delivery: 'unknown', h2_code: 'PROTOCOL_ERROR' },
    connection: { protocol: 'h2', reused: false },
  });
  expect(list.at(-1)?.event).toBe('result');
});

test('a failure ends the stream with the status and error the JSON answer would have had', async () => {
  await ferry.simulator.fault({
    match: { path: EDITS },
    fault: { kind: 'rst', code: 'INTERNAL_ERROR', when: 'after-body' },
  });
  const { response, events: list } = await events(form({ prompt: 'x', image: picture() }));
  expect(response.status).toBe(200);
  expect(list.at(-1)).toEqual({
    event: 'failed',
    data: {
      status: 502,
      error: expect.objectContaining({
        code: 'upstream_unknown_outcome',
        type: 'upstream_error',
        param: null,
      }),
      attempts: [
        expect.objectContaining({
          attempt: 1,
          error: expect.objectContaining({ h2_code: 'INTERNAL_ERROR' }),
        }),
      ],
    },
  });
});

test('bad input is a failed event that names the image', async () => {
  const { events: list } = await events(form({ prompt: 'x', image: [picture(), new File(['x'], 'x.png')] }));
  // The first image may have been found good by then.
  expect(kinds(list).filter((kind) => kind !== 'image')).toEqual(['accepted', 'failed']);
  expect(list.at(-1)?.data).toMatchObject({
    status: 400,
    error: { code: 'invalid_image', param: 'image[1]' },
  });
});

test('what is no form gets its own status instead of a stream', async () => {
  const response = await fetch(`${ferry.url}${IMG2IMG}`, {
    method: 'POST',
    headers: { accept: 'text/event-stream' },
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    415,
    'application/json; charset=utf-8',
  ]);
  await response.body?.cancel();
});
