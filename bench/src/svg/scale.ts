/** From values to pixels. */
export interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** Even steps from a round number that is not above `min`, at most 0, to one that covers `max`. */
export function linearScale(max: number, from: number, to: number, min = 0, steps = 5): Scale {
  const span = Math.max(max, 0) - Math.min(min, 0);
  // Finer where something is below 0: a whole step is drawn for it, however little it is.
  const step = niceStep((span > 0 ? span : 1) / (min < 0 ? 2 * steps : steps));
  const below = Math.floor(Math.min(min, 0) / step + 1e-9);
  const above = Math.max(below + 1, 0, Math.ceil(max / step - 1e-9));
  const bottom = below * step;
  const height = (above - below) * step;
  return {
    ticks: Array.from(
      { length: above - below + 1 },
      (_, i) => Number(((below + i) * step).toPrecision(12)) + 0,
    ),
    at: (value) => from + ((value - bottom) / height) * (to - from),
  };
}

/** Equal factors to equal distances; 1, 2 and 5 of each power of ten are ticks while they are few, else the powers alone. */
export function logScale(min: number, max: number, from: number, to: number): Scale {
  const low = 10 ** Math.floor(Math.log10(min) + 1e-9);
  const all: number[] = [];
  for (let power = low; power <= max * 10; power *= 10) {
    all.push(...[1, 2, 5].map((digit) => Number((digit * power).toPrecision(12))));
  }
  const first = all.findLast((tick) => tick <= min) ?? min;
  const last = all.find((tick) => tick >= max) ?? max;
  const within = all.filter((tick) => tick >= first && tick <= last);
  const powers = within.filter((tick) => Number.isInteger(Math.log10(tick)));
  const [a, b] = [Math.log(first), Math.log(last === first ? first * 10 : last)];
  return {
    ticks: within.length <= 8 || powers.length < 2 ? within : powers,
    at: (value) => from + ((Math.log(Math.max(value, first)) - a) / (b - a)) * (to - from),
  };
}

/** 1, 2 or 5 times a power of ten, not below `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const digit = step / power;
  return (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10) * power;
}

/** `12 500` as a label: few digits, no exponent. */
export function tickLabel(value: number): string {
  return Math.abs(value) >= 10_000
    ? `${Number((value / 1_000).toPrecision(3))}k`
    : String(Number(value.toPrecision(4)));
}
