/** Where a key was set: a file or a variable; undefined when it is at its default. @param path `section.key`. */
export function sourceOf(path: string, sources: ReadonlyMap<string, string>): string | undefined {
  const own = sources.get(path) ?? sources.get(path.split(/[.[]/)[0] ?? '');
  if (own !== undefined) return own;
  // A list whose items came one by one from the environment.
  return [...sources].find(([key]) => key.startsWith(`${path}[`))?.[1];
}
