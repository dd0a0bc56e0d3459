/** Milliseconds as seconds for people: `0.5s`, `0.24s`, `12.0s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2).replace(/0$/, '')}s`;
}
