import { describe, expect, it } from 'vitest';
import type { AttemptView, ConnectionView } from '../api/wire.ts';
import { advance, type EditProgress, newProgress, type ProgressSignal } from './progress.ts';

const connection = (id: string, origin = 'fresh'): ConnectionView => ({
  id,
  protocol: 'h2',
  reused: origin === 'reused',
  origin,
});

const attempt = (n: number, change: Partial<AttemptView> = {}): AttemptView => ({
  attempt: n,
  durationMs: 100,
  status: 200,
  error: null,
  connection: connection(String(40 + n)),
  bytesSent: 1000,
  phaseMs: {},
  ...change,
});

const reset = (n: number): AttemptView =>
  attempt(n, {
    status: null,
    bytesSent: 400,
    error: { kind: 'reset', phase: 'request', delivery: 'unknown', h2Code: 'PROTOCOL_ERROR', message: '' },
  });

const retry = (n: number): ProgressSignal => ({
  event: 'upload',
  index: 0,
  call: { type: 'retry', retry: n, maxRetries: 3, status: 502, waitMs: 500, reason: 'stream reset' },
});

const upload = (call: Extract<ProgressSignal, { event: 'upload' }>['call'], index = 0): ProgressSignal => ({
  event: 'upload',
  index,
  call,
});

const after = (...signals: ProgressSignal[]): EditProgress =>
  signals.reduce(advance, newProgress([{ name: 'a.jpg', bytes: 1000 }]));

const failed = (status: number, code = '', param: string | null = null): ProgressSignal => ({
  event: 'failed',
  failure: { status, message: '', code, param, attempts: [] },
});

const RESULT: ProgressSignal = {
  event: 'result',
  result: { model: 'm', images: [], uploads: [], durationMs: 1800 },
};

describe('the progress of an edit', () => {
  it('counts the bytes that left this page, with what the form adds around them', () => {
    expect(after({ event: 'sent', bytes: 512, total: 1400 })).toMatchObject({
      bytesSent: 512,
      bytesTotal: 1400,
    });
  });

  it('marks a retry where the attempt before it had come', () => {
    const progress = after(
      upload({ type: 'attempt_started', attempt: 1 }),
      upload({ type: 'bytes_sent', attempt: 1, bytesSent: 400, bytesTotal: 1600 }),
      upload({ type: 'attempt_ended', attempt: reset(1) }),
      retry(1),
    );
    expect(progress.retries).toBe(1);
    expect(progress.images[0]?.upload).toMatchObject({
      status: 'pausing',
      retries: [{ at: 0.25, order: 1 }],
    });
  });

  it('begins again from zero on the next attempt and keeps the mark', () => {
    const progress = after(
      upload({ type: 'attempt_started', attempt: 1 }),
      upload({ type: 'bytes_sent', attempt: 1, bytesSent: 500, bytesTotal: null }),
      retry(1),
      upload({ type: 'attempt_started', attempt: 2 }),
    );
    expect(progress.images[0]?.upload).toMatchObject({
      status: 'moving',
      attempt: 2,
      bytesSent: 0,
      retries: [{ at: 0.5 }],
    });
  });

  it('numbers the retries of several uploads in the order in which they happened', () => {
    const two = newProgress([
      { name: 'a', bytes: 1 },
      { name: 'b', bytes: 1 },
    ]);
    const retryOf = (index: number): ProgressSignal => ({ ...retry(1), index }) as ProgressSignal;
    const progress = [retryOf(1), retryOf(0)].reduce(advance, two);
    expect(progress.images.map((image) => image.upload.retries[0]?.order)).toEqual([2, 1]);
  });

  it('adds the pauses to the time of a call that arrives after a retry', () => {
    const progress = after(
      upload({ type: 'attempt_ended', attempt: reset(1) }),
      retry(1),
      upload({ type: 'attempt_ended', attempt: attempt(2) }),
    );
    expect(progress.images[0]?.upload).toMatchObject({
      status: 'done',
      durationMs: 700,
      connection: { id: '42' },
    });
  });

  it('is done, every part of it, when the result has come', () => {
    const progress = after(RESULT);
    expect(progress).toMatchObject({
      outcome: 'done',
      durationMs: 1800,
      endedOn: null,
      edit: { status: 'done' },
    });
    expect(progress.images[0]).toMatchObject({ received: true, upload: { status: 'done' } });
  });

  it('fails on the way to Ferry when Ferry refuses what it is being sent', () => {
    expect(after(failed(400, 'invalid_image', 'image')).endedOn).toBe('send');
    const begun = after(upload({ type: 'attempt_started', attempt: 1 }), failed(413));
    expect(begun.endedOn).toBe('send');
    expect(begun.images[0]?.upload.status).toBe('stopped');
  });

  it('shows an upload that goes on while Ferry still receives the image', () => {
    const progress = after(
      { event: 'sent', bytes: 700, total: 1000 },
      upload({ type: 'attempt_started', attempt: 1 }),
      upload({ type: 'bytes_sent', attempt: 1, bytesSent: 600, bytesTotal: null }),
    );
    expect(progress.images[0]).toMatchObject({
      received: false,
      upload: { status: 'moving', bytesSent: 600 },
    });
    expect(advance(progress, { event: 'image', index: 0, bytes: 1000 }).images[0]).toMatchObject({
      received: true,
      upload: { status: 'moving', bytesSent: 600 },
    });
  });

  it('fails on the way to Ferry when Ferry refuses an image that the upstream has by then', () => {
    const progress = after(
      upload({ type: 'attempt_started', attempt: 1 }),
      upload({ type: 'attempt_ended', attempt: attempt(1) }),
      upload({
        type: 'uploaded',
        fileId: 'file-1',
        bytes: 1000,
        connection: null,
        durationMs: 100,
      }),
      failed(400, 'invalid_image', 'image'),
    );
    expect(progress.endedOn).toBe('send');
  });

  it('fails on the way to the upstream when the upload was given up', () => {
    const progress = after(
      { event: 'image', index: 0, bytes: 1000 },
      upload({ type: 'attempt_started', attempt: 1 }),
      upload({ type: 'attempt_ended', attempt: reset(1) }),
      failed(502, 'upstream_transport'),
    );
    expect(progress).toMatchObject({ outcome: 'failed', endedOn: 'upload' });
    expect(progress.images[0]?.upload.status).toBe('failed');
  });

  it('blames the upload that failed and only stops the others', () => {
    const two = newProgress([
      { name: 'a', bytes: 1 },
      { name: 'b', bytes: 1 },
    ]);
    const signals: ProgressSignal[] = [
      { event: 'image', index: 0, bytes: 1 },
      { event: 'image', index: 1, bytes: 1 },
      upload({ type: 'attempt_started', attempt: 1 }, 0),
      upload({ type: 'attempt_started', attempt: 1 }, 1),
      upload({ type: 'attempt_ended', attempt: reset(1) }, 1),
      failed(502),
    ];
    expect(signals.reduce(advance, two).images.map((image) => image.upload.status)).toEqual([
      'stopped',
      'failed',
    ]);
  });

  it('takes the attempts from the failure when the stream told none', () => {
    const progress = after(
      { event: 'edit', call: { type: 'attempt_started', attempt: 1 } },
      { event: 'failed', failure: { status: 502, message: '', code: '', param: null, attempts: [reset(1)] } },
    );
    expect(progress.edit).toMatchObject({
      status: 'failed',
      attempts: [{ attempt: 1 }],
      connection: { id: '41' },
    });
  });

  it('hears nothing more after its end', () => {
    const cancelled = after({ event: 'cancelled' });
    expect(cancelled).toMatchObject({ outcome: 'cancelled', endedOn: 'send' });
    expect(advance(cancelled, RESULT)).toBe(cancelled);
  });

  it('ignores an image that it does not have', () => {
    expect(after(upload({ type: 'attempt_started', attempt: 1 }, 7)).images).toHaveLength(1);
  });
});
