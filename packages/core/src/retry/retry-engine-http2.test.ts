import { constants, type ServerHttp2Stream } from 'node:http2';
import { afterEach, expect, test } from 'vitest';
import { type LogicalRequest, RequestFailure } from '../client/request.ts';
import { ResilientClient } from '../client/resilient-client.ts';
import { H2LoopbackTransport, startH2Upstream } from '../testing/h2-loopback.ts';
import { RecordedLog } from '../testing/recorded-log.ts';
import { fromText } from '../transport/request-body.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function bench(behaviour: (stream: ServerHttp2Stream, nth: number, total: number) => void) {
  const log = new RecordedLog();
  const upstream = await startH2Upstream((stream, nth) => behaviour(stream, nth, upstream.streams()));
  const client = new ResilientClient({
    transports: { isolated: new H2LoopbackTransport(false), shared: new H2LoopbackTransport(true) },
    policy: { backoffBaseMs: 0 },
    logger: log,
  });
  open.push(client, upstream);
  const upload = (part: Partial<LogicalRequest> = {}) =>
    client.request({
      method: 'POST',
      url: upstream.url,
      headers: {},
      body: fromText('the bytes of an image'),
      safety: 'repeatable',
      label: 'upload',
      ...part,
    });
  const failedUpload = async (part: Partial<LogicalRequest> = {}): Promise<RequestFailure> => {
    const error = await upload(part).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (RequestFailure.is(error)) return error;
    throw new Error('the upload did not fail', { cause: error });
  };
  return { upload, failedUpload, upstream, log };
}

function succeed(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 });
  stream.end('{"id":"file_1"}');
}

test('an upload whose stream is reset with PROTOCOL_ERROR arrives on the second attempt', async () => {
  const { upload, log } = await bench((stream, _nth, total) =>
    total === 1 ? stream.close(constants.NGHTTP2_PROTOCOL_ERROR) : succeed(stream),
  );
  const got = await upload();
  expect(got.json()).toEqual({ id: 'file_1' });
  expect(got.attempts[0]?.error).toMatchObject({ h2Code: 'PROTOCOL_ERROR', delivery: 'unknown' });
  expect(log.messages()).toEqual([
    'HTTP/2 error during upload: the connection or stream was reset while waiting for the answer (PROTOCOL_ERROR)',
    'Retry 1/3 for status 502, waiting 0.0s',
    'Retry succeeded after 1 attempts',
  ]);
});

test('uploads arrive although every stream after the first of a shared connection is reset', async () => {
  const { upload } = await bench((stream, nth) =>
    nth === 1 ? succeed(stream) : stream.close(constants.NGHTTP2_PROTOCOL_ERROR),
  );
  const first = await upload({ reuseSession: true });
  const second = await upload({ reuseSession: true });
  expect(first.attempts).toHaveLength(1);
  expect(second.attempts.map((attempt) => attempt.exchange.connectionReused)).toEqual([true, false]);
  expect(second.status).toBe(200);
});

test('a PROTOCOL_ERROR on two new connections in a row does not use up the retries', async () => {
  const { failedUpload, upstream } = await bench((stream) => stream.close(constants.NGHTTP2_PROTOCOL_ERROR));
  const failure = await failedUpload();
  expect(failure).toMatchObject({ code: 'upstream_transport', status: 502 });
  expect(upstream.streams()).toBe(2);
});

test('another stream error than that is retried to the end', async () => {
  const { failedUpload, upstream } = await bench((stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  expect(await failedUpload()).toMatchObject({ code: 'upstream_transport', status: 502 });
  expect(upstream.streams()).toBe(4);
});

test('an edit that had left whole is not sent again after REFUSED_STREAM, which a proxy may have made up', async () => {
  const { failedUpload, upstream } = await bench((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
  const failure = await failedUpload({ safety: 'billable', label: 'edit' });
  expect(failure).toMatchObject({ code: 'upstream_unknown_outcome', outcomeUnknown: true });
  expect(upstream.streams()).toBe(1);
});

test('an upload whose stream is refused once is sent again', async () => {
  const { upload, upstream } = await bench((stream, _nth, total) =>
    total === 1 ? stream.close(constants.NGHTTP2_REFUSED_STREAM) : succeed(stream),
  );
  expect((await upload({})).status).toBe(200);
  expect(upstream.streams()).toBe(2);
});

test('an upstream that refuses every stream is asked twice', async () => {
  const { failedUpload, upstream } = await bench((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
  expect(await failedUpload()).toMatchObject({ code: 'upstream_transport', outcomeUnknown: false });
  expect(upstream.streams()).toBe(2);
});

test('an edit whose stream is reset with PROTOCOL_ERROR is not sent again', async () => {
  const { failedUpload, upstream } = await bench((stream) => stream.close(constants.NGHTTP2_PROTOCOL_ERROR));
  const failure = await failedUpload({ safety: 'billable', label: 'edit' });
  expect(failure).toMatchObject({ code: 'upstream_unknown_outcome', outcomeUnknown: true });
  expect(upstream.streams()).toBe(1);
});

test('a caller who aborts an upload over HTTP/2 gets its failure, and the stream is cancelled', async () => {
  const controller = new AbortController();
  const cancelled = Promise.withResolvers<number>();
  const { failedUpload } = await bench((stream) => {
    stream.once('close', () => cancelled.resolve(stream.rstCode ?? 0));
    controller.abort();
  });
  expect(await failedUpload({ signal: controller.signal })).toMatchObject({ code: 'aborted', status: 499 });
  expect(await cancelled.promise).toBe(constants.NGHTTP2_CANCEL);
});
