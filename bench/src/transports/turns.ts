/** Something that is warm and measures when it is asked to. */
export interface Runner<R> {
  /** Discards what it measures. */
  warmUp(stint: Stint): Promise<void>;
  measure(ms: number): Promise<R>;
  stop(): Promise<void>;
}

/** Uploads for so long, with bodies of that size. */
export interface Stint {
  readonly ms: number;
  readonly bodyBytes: number;
}

export interface Turns {
  readonly count: number;
  /** How long each measures before it is another's turn. */
  readonly ms: number;
  /** What each runs before any is measured, one after the other, in shorter turns: none rests so long that its connection is closed for it. */
  readonly warmUps: readonly Stint[];
}

/**
 * The longest turn of a warm-up: undici closes a connection that has rested for four seconds, and four others may have their turns
 * meanwhile.
 */
const WARM_UP_TURN_MS = 750;

/**
 * Starts a runner for every item, one after another, warms them up in turns, and lets them measure in turns, the order reversed from turn
 * to turn: what disturbs a machine for a second or two disturbs them all. All have stopped when it returns.
 * @returns what each measured, by turn; undefined for those that failed, whom `onFailure` was told of.
 */
export async function inTurns<T, R>(
  items: readonly T[],
  turns: Turns,
  start: (item: T) => Promise<Runner<R>>,
  onFailure: (item: T, error: unknown) => void,
): Promise<Map<T, readonly R[] | undefined>> {
  const runners = new Map<T, Runner<R>>();
  const results = new Map<T, R[] | undefined>(items.map((item) => [item, []]));
  const unlessItFails = async (item: T, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      results.set(item, undefined);
      onFailure(item, error);
    }
  };
  try {
    for (const item of items) {
      await unlessItFails(item, async () => {
        runners.set(item, await start(item));
      });
    }
    const eachInTurn = async (
      count: number,
      run: (item: T, runner: Runner<R>) => Promise<void>,
    ): Promise<void> => {
      for (let turn = 0; turn < count; turn += 1) {
        for (const item of turn % 2 === 0 ? items : items.toReversed()) {
          const runner = results.get(item) && runners.get(item);
          if (runner !== undefined) await unlessItFails(item, () => run(item, runner));
        }
      }
    };
    for (const { ms, bodyBytes } of turns.warmUps) {
      const count = Math.ceil(ms / WARM_UP_TURN_MS);
      await eachInTurn(count, (_, runner) => runner.warmUp({ ms: ms / count, bodyBytes }));
    }
    await eachInTurn(turns.count, async (item, runner) => {
      results.get(item)?.push(await runner.measure(turns.ms));
    });
  } finally {
    await Promise.all([...runners.values()].map((runner) => runner.stop()));
  }
  return results;
}
