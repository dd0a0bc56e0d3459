import type { Step } from './steps.ts';

/** How far a machine may be from the one for which the steps tell their seconds, as a factor. */
const SLOWEST = 5;
const FASTEST = 0.5;

/** How long a run goes on, by what its steps expect and by how long those took that have ended. */
export class Remaining {
  readonly #seconds: readonly number[];

  constructor(steps: readonly Pick<Step, 'seconds'>[]) {
    this.#seconds = steps.map(({ seconds }) => seconds);
  }

  /** In words. @param done so many steps have ended. @param elapsedMs since the first began. */
  after(done: number, elapsedMs: number): string {
    const total = (seconds: readonly number[]): number => seconds.reduce((sum, each) => sum + each, 0);
    const expected = total(this.#seconds.slice(0, done));
    const pace = expected === 0 ? 1 : elapsedMs / 1_000 / expected;
    const left = total(this.#seconds.slice(done)) * Math.min(SLOWEST, Math.max(FASTEST, pace));
    return `about ${left < 90 ? `${Math.ceil(left / 5) * 5} s` : `${(left / 60).toFixed(0)} min`} left`;
  }
}
