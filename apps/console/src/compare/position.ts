/** The compare handle's place in percent of the picture's width, from the left. */

const clampPercent = (percent: number): number => Math.min(100, Math.max(0, percent));

/**
 * Where a key moves the handle, as the WAI-ARIA slider pattern says: arrows by 2, with Shift or Page keys by 10, Home and End
 * to the ends. Undefined for a key that does not move it.
 */
export function afterKey(percent: number, key: string, shift: boolean): number | undefined {
  const step = shift ? 10 : 2;
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return clampPercent(percent - step);
    case 'ArrowRight':
    case 'ArrowUp':
      return clampPercent(percent + step);
    case 'PageDown':
      return clampPercent(percent - 10);
    case 'PageUp':
      return clampPercent(percent + 10);
    case 'Home':
      return 0;
    case 'End':
      return 100;
    default:
      return undefined;
  }
}

/** Where the pointer is on the picture. */
export function atPointer(clientX: number, box: { readonly left: number; readonly width: number }): number {
  return box.width === 0 ? 50 : clampPercent(((clientX - box.left) / box.width) * 100);
}
