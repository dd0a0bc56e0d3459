/** How many rounds an item has: the same for all, or more for those whose figures matter most. */
export type Rounds<T> = number | ((item: T) => number);

/** Runs `measure` for every item in its rounds, the order reversed from round to round, and collects by item. */
export async function inRounds<T, R>(
  items: readonly T[],
  rounds: Rounds<T>,
  measure: (item: T, round: number) => Promise<R>,
): Promise<Map<T, R[]>> {
  const results = new Map(items.map((item): [T, R[]] => [item, []]));
  const roundsOf = typeof rounds === 'number' ? () => rounds : rounds;
  for (let round = 0; round < Math.max(0, ...items.map(roundsOf)); round += 1) {
    const present = items.filter((item) => round < roundsOf(item));
    for (const item of round % 2 === 0 ? present : present.toReversed()) {
      results.get(item)?.push(await measure(item, round));
    }
  }
  return results;
}

/** As `inRounds`, but what fails leaves its place among the results empty, and the others go on. */
export async function inRoundsDespiteFailures<T, R>(
  items: readonly T[],
  rounds: Rounds<T>,
  measure: (item: T) => Promise<R>,
  onFailure: (item: T, round: number, error: unknown) => void,
): Promise<Map<T, (R | undefined)[]>> {
  return await inRounds(items, rounds, async (item, round) => {
    try {
      return await measure(item);
    } catch (error) {
      onFailure(item, round, error);
      return undefined;
    }
  });
}
