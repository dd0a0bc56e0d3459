/** Numbers as people read them. A no-break space keeps a figure and its unit on one line. */
const NBSP = '\u00a0';

/** Bytes in powers of 1024, as the gateway's `max_file_mb` counts: `412 kB`, `1.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes}${NBSP}B`;
  if (bytes < 999.5 * 1024) return `${Math.round(bytes / 1024)}${NBSP}kB`;
  return `${shortDecimal(bytes / 1024 ** 2)}${NBSP}MB`;
}

/** Milliseconds: `86 ms`, `1.8 s`, `2 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 995) return `${Math.round(ms)}${NBSP}ms`;
  if (ms < 59_950) return `${shortDecimal(ms / 1000)}${NBSP}s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}${NBSP}min${NBSP}${String(seconds % 60).padStart(2, '0')}${NBSP}s`;
}

/** `1 retry`, `3 retries`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count}${NBSP}${count === 1 ? one : many}`;
}

const shortDecimal = (value: number): string =>
  value < 99.95 ? value.toFixed(1) : String(Math.round(value));
