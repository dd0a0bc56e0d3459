/**
 * Does `work` for every item at once. The first failure cancels the others, and is thrown when all have ended: nothing of
 * it runs after this returns.
 */
export async function together<Item, Result>(
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const [only] = items;
  // It has no others to cancel.
  if (only !== undefined && items.length === 1) return [await work(only, signal)];
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let first: { readonly error: unknown } | undefined;
  const results = await Promise.allSettled(
    items.map((item) =>
      work(item, either).catch((error: unknown) => {
        first ??= { error };
        failed.abort(error);
        throw error;
      }),
    ),
  );
  if (first !== undefined) throw first.error;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
