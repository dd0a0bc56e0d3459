/** Runs `measure` for every item in every round, the order reversed from round to round, and collects by item. */
export async function inRounds<T, R>(
  items: readonly T[],
  rounds: number,
  measure: (item: T) => Promise<R>,
): Promise<Map<T, R[]>> {
  const results = new Map(items.map((item): [T, R[]] => [item, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const item of round % 2 === 0 ? items : items.toReversed()) {
      results.get(item)?.push(await measure(item));
    }
  }
  return results;
}
