/** The effective configuration as people read it: `ferry config`. */
import type { LoadedConfig } from './load.ts';
import { sourceOf } from './source-of.ts';

/** TOML-like lines, each with its source. References to secrets are shown; what they stand for is not. */
export function printConfig({ config, sources }: LoadedConfig): string {
  const rows: [text: string, source: string][] = [];
  const add = (path: string, name: string, value: unknown) =>
    rows.push([
      `${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)} = ${JSON.stringify(value)}`,
      sourceOf(path, sources) ?? 'default',
    ]);

  for (const [section, body] of Object.entries(config)) {
    if (Array.isArray(body)) {
      body.forEach((item, i) => {
        rows.push(['', ''], [`[[${section}]]`, '']);
        for (const [key, value] of Object.entries(item)) add(`${section}[${i}].${key}`, key, value);
      });
      continue;
    }
    rows.push(['', ''], [`[${section}]`, '']);
    for (const [key, value] of Object.entries(body)) add(`${section}.${key}`, key, value);
  }
  const width = Math.max(...rows.map(([text]) => text.length));
  return `${rows
    .map(([text, source]) => (source === '' ? text : `${text.padEnd(width)}  # ${source}`))
    .join('\n')
    .trimStart()}\n`;
}
