/** The options table of docs/configuration.md, made from the schema so that it cannot be wrong. */
import { configSchema } from './schema.ts';
import { defaultOf, leaves } from './walk.ts';

/** A Markdown table: key, default, unit, meaning with what is expected. */
export function optionsTable(): string {
  const rows = leaves(configSchema).map(({ key, schema, facts }) => {
    const value = defaultOf(schema);
    const shown = value === undefined ? 'none' : `\`${JSON.stringify(value)}\``;
    return `| \`${key}\` | ${shown} | ${facts.unit ?? ''} | ${facts.about} Expected: ${facts.expected}. |`;
  });
  return ['| key | default | unit | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
