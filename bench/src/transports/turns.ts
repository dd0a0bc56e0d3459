/** Something that is warm and measures when it is asked to. */
export interface Runner<R> {
  measure(ms: number): Promise<R>;
  stop(): Promise<void>;
}

export interface Turns {
  readonly count: number;
  /** How long each measures before it is another's turn. */
  readonly ms: number;
}

/**
 * Starts a runner for every item, one after another, and lets them measure in turns, the order reversed from turn to turn: what disturbs a
 * machine for a second or two disturbs them all. All have stopped when it returns.
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
    for (let turn = 0; turn < turns.count; turn += 1) {
      for (const item of turn % 2 === 0 ? items : items.toReversed()) {
        const sofar = results.get(item);
        if (sofar === undefined) continue;
        await unlessItFails(item, async () => {
          const measured = await runners.get(item)?.measure(turns.ms);
          if (measured !== undefined) sofar.push(measured);
        });
      }
    }
  } finally {
    await Promise.all([...runners.values()].map((runner) => runner.stop()));
  }
  return results;
}
