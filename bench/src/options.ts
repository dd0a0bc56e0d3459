/** A whole number from a command line. Throws an error that names the option. */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}

/** A comma-separated list from a command line, each of whose items `parse` knows. */
export function listOf<T>(
  name: string,
  text: string,
  parse: (item: string) => T | undefined,
): readonly [T, ...T[]] {
  const [first, ...rest] = text.split(',').map((item) => {
    const parsed = parse(item.trim());
    if (parsed === undefined) throw new Error(`--${name} does not know "${item.trim()}"`);
    return parsed;
  });
  if (first === undefined) throw new Error(`--${name} is empty`);
  return [first, ...rest];
}
