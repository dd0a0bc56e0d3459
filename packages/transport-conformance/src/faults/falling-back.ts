import { CODE, rawH1Peer } from '@ferry/upstream-sim/peers';
import type { Stage } from '../stage/stage.ts';
import { type EngineRun, engineRun } from './engine-run.ts';
import { type FaultCase, H2 } from './fault-case.ts';

/** The first upload meets both protocols and leaves a mark, and the next one needs one attempt. */
async function twoUploads(stage: Stage, url: URL): Promise<EngineRun> {
  const first = await engineRun(stage, { url });
  stage.check(first.answer?.status === 200, 'the first upload should arrive');
  const kinds = first.records.map(({ error, exchange }) => error?.kind ?? exchange.protocol);
  const seen = kinds.join(', then ');
  stage.check(seen === 'http1-required, then http/1.1', `two attempts should be made, and it went ${seen}`);
  const marks = stage.fallback.list().map(({ origin, road, reason }) => `${origin} ${road} ${reason}`);
  const wanted = `${url.origin} http1 http1-required`;
  stage.check(
    marks.join() === wanted,
    `the origin should be marked, and it says ${marks.join() || 'nothing'}`,
  );
  const next = await engineRun(stage, { url });
  stage.check(
    next.answer?.exchange.protocol === 'http/1.1',
    'the next upload should go over HTTP/1.1 at once',
  );
  stage.check(next.attempts === 1, `it should take one attempt, and took ${next.attempts}`);
  return first;
}

/** What a decorator over two protocols adds to the rows that ask for HTTP/1.1. */
export const FALLING_BACK: readonly FaultCase[] = [
  {
    row: 7,
    title: 'a server that offers HTTP/1.1 only in ALPN gets the second attempt, and is marked',
    protocols: H2,
    fallsBack: true,
    cold: true,
    async story(stage) {
      const only = stage.keep(await rawH1Peer({ certificate: stage.certificate }));
      const { records } = await twoUploads(stage, only.url);
      stage.check(records[0]?.delivery === 'not-sent', 'nothing should be sent before the protocol is known');
      stage.check(only.requests.length === 2, `two requests should arrive, and ${only.requests.length} did`);
      stage.fallback.reset(only.url.origin);
      stage.check(stage.fallback.list().length === 0, 'a reset should forget the mark');
      const again = await engineRun(stage, { url: only.url });
      stage.check(again.attempts === 2, 'HTTP/2 should be tried again after a reset');
    },
  },
  {
    row: 26,
    title: 'HTTP_1_1_REQUIRED sends the second attempt over HTTP/1.1, and marks the origin',
    protocols: H2,
    fallsBack: true,
    async story(stage) {
      const before = stage.h2.requests.length;
      stage.h2.next({ headers: (r) => r.reset(CODE.HTTP_1_1_REQUIRED) });
      await twoUploads(stage, stage.url);
      const [h2, h1] = [stage.h2.requests.length - before, stage.h1.requests.length];
      stage.check(h2 === 1 && h1 === 2, `${h2} requests came over HTTP/2 and ${h1} over HTTP/1.1`);
    },
  },
];
