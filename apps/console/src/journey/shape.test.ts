import { describe, expect, it } from 'vitest';
import type { CallEvent } from '../api/wire.ts';
import { advance, type EditProgress, newProgress, type ProgressSignal } from './progress.ts';
import { imageJourney, retriesOf, wholeJourney } from './shape.ts';

const upload = (index: number, call: CallEvent): ProgressSignal => ({ event: 'upload', index, call });
const sent = (index: number, bytesSent: number, bytesTotal: number): ProgressSignal =>
  upload(index, { type: 'bytes_sent', attempt: 1, bytesSent, bytesTotal });
const retry = (index: number): ProgressSignal =>
  upload(index, { type: 'retry', retry: 1, maxRetries: 3, status: 502, waitMs: 500, reason: 'stream reset' });

const two = newProgress([
  { name: 'a.jpg', bytes: 300 },
  { name: 'b.jpg', bytes: 100 },
]);
const after = (...signals: ProgressSignal[]): EditProgress => signals.reduce(advance, two);
const states = (progress: EditProgress) => wholeJourney(progress).stretches.map((stretch) => stretch.state);

describe('the journey as it is drawn', () => {
  it('fills the first stretch with the bytes that left this page', () => {
    const shape = wholeJourney(after({ event: 'sent', bytes: 200, total: 400 }));
    expect(shape.stretches[0]).toMatchObject({ state: 'moving', fill: 0.5, figure: '50\u00a0%' });
    expect(shape.words).toBe('On the way to Ferry.');
  });

  it('knows how far each image has come, since the form carries them in order', () => {
    const progress = after({ event: 'sent', bytes: 350, total: 400 });
    expect(imageJourney(progress, 0).stretches[0].fill).toBe(1);
    expect(imageJourney(progress, 1).stretches[0].fill).toBe(0.5);
  });

  it('draws several uploads as one line, each by its weight', () => {
    const shape = wholeJourney(after(sent(0, 100, 200), sent(1, 50, 50)));
    expect(shape.stretches[1]).toMatchObject({ state: 'moving', fill: 0.625 });
  });

  it('names the file of each retry when there are several, and not when there is one', () => {
    const shape = wholeJourney(after(sent(1, 25, 50), retry(1)));
    expect(retriesOf(shape).map(({ words }) => words)).toEqual([
      'b.jpg: Stream reset; waited 500\u00a0ms, trying again',
    ]);
    const one = [sent(0, 1, 2), retry(0)].reduce(advance, newProgress([{ name: 'a.jpg', bytes: 2 }]));
    expect(retriesOf(wholeJourney(one))[0]?.words).toMatch(/^Stream reset/);
  });

  it('shows that one upload pauses only when no other moves', () => {
    expect(states(after(sent(0, 1, 2), sent(1, 1, 2), retry(1)))[1]).toBe('moving');
    expect(states(after(retry(0), retry(1)))[1]).toBe('pausing');
  });

  it('draws an image inside the edit on the edit’s own request, and has it arrive when that is answered', () => {
    const editing = (call: CallEvent): ProgressSignal => ({ event: 'edit', call });
    const half = [0, 1].flatMap((index): ProgressSignal[] => [
      { event: 'image', index, bytes: 1 },
      { event: 'inside_edit', index },
    ]);
    half.push(editing({ type: 'attempt_started', attempt: 1 }));
    half.push(editing({ type: 'bytes_sent', attempt: 1, bytesSent: 210, bytesTotal: 420 }));
    const moving = after(...half);
    expect(wholeJourney(moving).stretches[1]).toMatchObject({
      state: 'moving',
      fill: 0.5,
      figure: 'inside the edit',
    });
    const failure = { status: 502, message: '', code: '', param: null, attempts: [] };
    expect(states(advance(moving, { event: 'failed', failure }))).toEqual(['done', 'stopped', 'failed']);
    const result = { model: 'm', images: [], uploads: [], durationMs: 1840 };
    const done = imageJourney(advance(moving, { event: 'result', result }), 0);
    expect(done.stretches[1]).toMatchObject({ state: 'done', figure: 'inside the edit', loops: [] });
  });

  it('moves without a measure while the upstream edits', () => {
    const shape = wholeJourney(after({ event: 'edit', call: { type: 'attempt_started', attempt: 1 } }));
    expect(shape.stretches[2]).toMatchObject({ state: 'moving', fill: null });
    expect(shape.words).toBe('Being edited by the upstream.');
  });

  it('says that it waits for a key, and no more once the next attempt begins', () => {
    const wait: ProgressSignal = { event: 'edit', call: { type: 'credential_wait', waitMs: 3000 } };
    const started: ProgressSignal = { event: 'edit', call: { type: 'attempt_started', attempt: 2 } };
    expect(states(after(wait))[2]).toBe('pausing');
    expect(wholeJourney(after(wait)).words).toBe('Waiting 3.0\u00a0s for a key of the upstream.');
    expect(wholeJourney(after(wait, started)).words).toBe('Being edited by the upstream.');
  });

  it('says in one sentence how it ended', () => {
    const result = { model: 'm', images: [], uploads: [], durationMs: 1840 };
    expect(wholeJourney(after(retry(0), { event: 'result', result })).words).toBe(
      'Edited in 1.8\u00a0s, 1\u00a0retry.',
    );
    const broken = { status: 0, message: '', code: 'connection_lost_sending', param: null, attempts: [] };
    expect(wholeJourney(after({ event: 'failed', failure: broken })).words).toBe(
      'Failed on the way to Ferry.',
    );
    expect(states(after({ event: 'failed', failure: broken }))).toEqual(['failed', 'waiting', 'waiting']);
  });
});
