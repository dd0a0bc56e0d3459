import { expect, test } from 'vitest';
import type { FireJob } from '../transports/job.ts';
import { runJob, startSink } from '../transports/processes.ts';
import type { VariantName } from '../transports/variants.ts';

const MINUTE = 60_000;

test(
  'after a silent drop every upload of a client that trusts its old connection is lost, and none of one that proves it',
  async () => {
    const sink = await startSink();
    try {
      const lost = async (variant: VariantName): Promise<unknown> => {
        const job: FireJob = {
          type: 'fire',
          variant,
          target: sink.target,
          trouble: { kind: 'silent-drop' },
          bodyBytes: 10_000,
          atOnce: 1,
          warmUps: 0,
          uploads: 3,
          // Longer than a pooled connection of Ferry may rest unproven.
          restMs: 1_200,
          patienceMs: 5_000,
        };
        const { uploads, failures } = await runJob(job);
        return { uploads, failures };
      };
      const [got, pooled] = await Promise.all([lost('got'), lost('undici-pooled')]);
      // With one client whose connection is dropped again and again it would be every other one.
      expect(got).toEqual({ uploads: 0, failures: 3 });
      expect(pooled).toEqual({ uploads: 3, failures: 0 });
    } finally {
      await sink.stop();
    }
  },
  2 * MINUTE,
);
