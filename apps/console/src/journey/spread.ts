/**
 * Keeps every place on a line where it is unless another is closer than `gap`; then they share the room around it, in their
 * order and without leaving the line. Places are 0 to 1; more than fit are set at equal distances.
 */
export function spread(places: readonly number[], gap: number): number[] {
  const order = places.map((place, i) => ({ place, i })).sort((a, b) => a.place - b.place || a.i - b.i);
  const step = order.length > 1 ? Math.min(gap, 1 / (order.length - 1)) : 0;
  let floor = 0;
  const pushed = order.map(({ place, i }) => {
    const at = Math.max(place, floor);
    floor = at + step;
    return { at, i };
  });
  // What was pushed past the end comes back from there.
  let ceiling = 1;
  const result = [...places];
  for (const { at, i } of pushed.reverse()) {
    result[i] = Math.max(0, Math.min(at, ceiling));
    ceiling = (result[i] ?? 0) - step;
  }
  return result;
}
