import { fromFactory } from '@ferry/core';
import { CODE } from '@ferry/upstream-sim/peers';
import { eventually } from '../stage/eventually.ts';
import type { SendOutcome } from '../stage/outcome.ts';
import { HUGE_BYTES, type Stage, type Upload } from '../stage/stage.ts';
import { BOTH, type FaultCase, H2 } from './fault-case.ts';

/** An upload that is certainly still running when the answer comes, and whose source tells when it is let go. */
class WatchedUpload {
  released = false;
  given = 0;

  upload(): Upload {
    const watch = this;
    const body = fromFactory(async function* () {
      try {
        while (watch.given < HUGE_BYTES) {
          watch.given += 250_000;
          yield Buffer.alloc(250_000);
        }
      } finally {
        watch.released = true;
      }
    }, HUGE_BYTES);
    return { body };
  }
}

function early(status: number, thenReset: boolean): FaultCase {
  const watch = new WeakMap<Stage, WatchedUpload>();
  const after = thenReset ? ' and RST_STREAM NO_ERROR' : '';
  return {
    row: status === 200 ? 31 : 30,
    title: `an early ${status}${after} while the upload runs`,
    protocols: thenReset ? H2 : BOTH,
    produce(stage) {
      const watched = new WatchedUpload();
      watch.set(stage, watched);
      if (thenReset) {
        stage.h2.next({
          headers(r) {
            r.answer({ status });
            r.reset(CODE.NO_ERROR);
          },
        });
      } else {
        stage.peer.next({ headers: (r) => r.answer({ status }) });
      }
      return watched.upload();
    },
    expect: { outcome: 'answered', status, connection: 'keep' },
    async also(stage, outcome) {
      const watched = watch.get(stage);
      stage.check(await eventually(() => watched?.released === true), 'the source of the body is still held');
      stage.check(text(outcome) === 'ok', 'the body of the answer should be delivered');
      stage.check(
        !saysComplete(outcome),
        'an answer to a part of the upload should not count as one to the whole',
      );
      stage.check(stage.struck?.whole === false, 'a stopped upload should never look whole to the peer');
      if (status > 299) stage.check((watched?.given ?? HUGE_BYTES) < HUGE_BYTES, 'the upload should stop');
    },
  };
}

function text(outcome: SendOutcome): string {
  return outcome.type === 'answered' ? outcome.text : '';
}

function saysComplete(outcome: SendOutcome): boolean {
  return outcome.type === 'answered' && outcome.exchange.requestComplete;
}

export const EARLY_ANSWERS: readonly FaultCase[] = [early(413, false), early(413, true), early(200, false)];
