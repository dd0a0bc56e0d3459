import { CredentialPool, type LogicalRequest, oneShot, RequestFailure, type RetryPolicy } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { turns } from '../stage/eventually.ts';
import type { Stage } from '../stage/stage.ts';
import { type EngineRun, engineRun } from './engine-run.ts';
import { BOTH, type FaultCase } from './fault-case.ts';

/** The engine's waits pass as fast as it sets them; the transport's clock stays the real one. */
async function run(
  stage: Stage,
  part: Partial<LogicalRequest> = {},
  policy: Partial<RetryPolicy> = {},
): Promise<EngineRun & { readonly waits: readonly number[] }> {
  const clock = new FakeClock(Date.now());
  const running = engineRun(stage, part, { backoffBaseMs: 500, backoffMaxMs: 30_000, ...policy }, clock);
  let done = false;
  void running.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  while (!done) {
    await turns(1);
    if (clock.pending > 0) clock.advance(await clock.untilPending());
  }
  const result = await running;
  const waits = result.events.flatMap((event) => (event.type === 'retry' ? [event.waitMs] : []));
  return { ...result, waits };
}

/** The first answer of the peer; every later one is decent. */
function first(stage: Stage, status: number, headers: Record<string, string> = {}, body = ''): void {
  stage.peer.next({ whole: (r) => r.answer({ status, headers, body }) });
}

const story = (row: number, title: string, play: (stage: Stage) => Promise<void>): FaultCase => ({
  row,
  title,
  protocols: BOTH,
  cold: true,
  story: play,
});

const PAGE = '<html><body><h1>502 Bad Gateway</h1></body></html>';

export const ENGINE: readonly FaultCase[] = [
  ...[429, 503].flatMap((status) => [
    story(50, `${status} with Retry-After in seconds`, async (stage) => {
      first(stage, status, { 'retry-after': '7' });
      const { answer, waits } = await run(stage);
      const [wait = 0] = waits;
      stage.check(answer?.status === 200, 'the retry should be answered');
      // A tenth on top spreads those who were told the same.
      stage.check(wait >= 7_000 && wait <= 7_700, `it should wait 7 s, and waited ${wait} ms`);
    }),
    story(50, `${status} with Retry-After as a date`, async (stage) => {
      first(stage, status, { 'retry-after': new Date(Date.now() + 9_000).toUTCString() });
      const { answer, waits } = await run(stage);
      const [wait = 0] = waits;
      stage.check(answer?.status === 200, 'the retry should be answered');
      // A date has whole seconds, some of them have passed by now, and a tenth is added.
      stage.check(wait > 0 && wait <= 9_900, `it should wait until then, and waited ${wait} ms`);
    }),
  ]),
  story(50, 'an absurd Retry-After ends the request at once', async (stage) => {
    first(stage, 429, { 'retry-after': '99999999' });
    const { failure, attempts, waits } = await run(stage);
    stage.check(failure?.code === 'upstream_status' && failure.status === 429, 'it should fail with 429');
    stage.check(attempts === 1 && waits.length === 0, 'it should not wait');
  }),
  story(50, 'a long Retry-After is capped', async (stage) => {
    first(stage, 429, { 'retry-after': '45' });
    const { answer, waits } = await run(stage);
    stage.check(answer?.status === 200, 'the retry should be answered');
    stage.check(waits[0] === 30_000, `it should wait 30 s at most, and waited ${waits[0]} ms`);
  }),
  story(50, 'a malformed Retry-After is ignored', async (stage) => {
    first(stage, 503, { 'retry-after': 'in a while' });
    const { answer, waits } = await run(stage);
    stage.check(answer?.status === 200, 'the retry should be answered');
    stage.check((waits[0] ?? 30_000) <= 500, `its own back-off should hold, and it waited ${waits[0]} ms`);
  }),
  ...[401, 403].flatMap((status) => [
    story(51, `${status} takes another credential`, async (stage) => {
      first(stage, status);
      const credential = new CredentialPool([
        { alias: 'one', secret: 'key-one' },
        { alias: 'two', secret: 'key-two' },
      ]);
      const { answer, records } = await run(stage, { credential, safety: 'billable' });
      const [before, after] = records.map((record) => record.credential);
      stage.check(answer?.status === 200, 'the other credential should be accepted');
      stage.check(before !== after, 'the same credential was tried again');
    }),
    story(51, `${status} without another credential is final`, async (stage) => {
      first(stage, status);
      const credential = new CredentialPool([{ alias: 'one', secret: 'key-one' }]);
      const { failure, attempts } = await run(stage, { credential });
      stage.check(failure?.status === status && attempts === 1, 'it should give up at once');
    }),
  ]),
  ...[500, 502, 504].flatMap((status) => [
    story(52, `${status} with a page of HTML: an upload is sent again`, async (stage) => {
      first(stage, status, { 'content-type': 'text/html' }, PAGE);
      const { answer, attempts } = await run(stage);
      stage.check(answer?.status === 200 && attempts === 2, 'the second attempt should be answered');
    }),
    story(52, `${status} with a page of HTML: a billable request is not`, async (stage) => {
      first(stage, status, { 'content-type': 'text/html' }, PAGE);
      const { failure, attempts } = await run(stage, { safety: 'billable' });
      stage.check(failure?.status === status && attempts === 1, 'it should give up at once');
      stage.check(failure?.excerpt?.includes('Bad Gateway') === true, 'a piece of the page should be kept');
      stage.check(failure?.outcomeUnknown === true, 'it should say that the upstream may have acted');
    }),
  ]),
  ...['', '{"id": "file-', 'null bytes \0'].map((body) =>
    story(
      53,
      `200 with ${body === '' ? 'an empty body' : `\`${JSON.stringify(body)}\``} for JSON`,
      async (stage) => {
        first(stage, 200, { 'content-type': 'application/json' }, body);
        const { answer } = await run(stage);
        let thrown: unknown;
        try {
          answer?.json();
        } catch (error) {
          thrown = error;
        }
        const named = RequestFailure.is(thrown) && thrown.code === 'upstream_bad_answer';
        stage.check(named, 'reading it as JSON should fail as upstream_bad_answer');
      },
    ),
  ),
  story(54, 'a one-shot body whose attempt failed is given up with a clear error', async (stage) => {
    stage.peer.next({ whole: (r) => r.rst() });
    const source = (async function* () {
      yield Buffer.alloc(1_000, 1);
    })();
    const { failure, attempts } = await run(stage, { body: oneShot(source, 1_000) });
    stage.check(failure?.code === 'body_not_replayable', `it should say so, and says ${failure?.code}`);
    stage.check(attempts === 1, `it should be sent once, and was sent ${attempts} times`);
  }),
];
