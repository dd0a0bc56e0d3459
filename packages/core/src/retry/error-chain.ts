/** Causes are followed this far: a chain may be a circle, and what matters is never deep. */
const MAX_LINKS = 16;

/** An error, its causes, and the members of aggregates, outermost first. Ends on circles. */
export function* errorChain(error: unknown): Generator<unknown, void, undefined> {
  const queue: unknown[] = [error];
  const seen = new Set<unknown>();
  while (queue.length > 0 && seen.size < MAX_LINKS) {
    const link = queue.shift();
    if (link === undefined || link === null || seen.has(link)) continue;
    seen.add(link);
    yield link;
    if (typeof link !== 'object') continue;
    const { cause, errors } = link as { cause?: unknown; errors?: unknown };
    queue.push(cause);
    if (Array.isArray(errors)) queue.push(...errors.slice(0, MAX_LINKS));
  }
}

/** A string property of anything. */
export function textOf(value: unknown, property: 'message' | 'code' | 'name'): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const text = (value as Record<string, unknown>)[property];
  return typeof text === 'string' ? text : undefined;
}
