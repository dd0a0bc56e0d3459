import type { Failure } from '../results/results.ts';

/** What could not be measured, by name, with the reason. */
export function failureList(failures: readonly Failure[]): string {
  return failures.map(({ part, what, message }) => `- ${part}: ${what}: ${message}\n`).join('');
}
