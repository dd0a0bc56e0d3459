/** zod's issues in an operator's words: the key, where it was set, the value, and what was expected. */
import { z } from 'zod';
import { configSchema } from './schema.ts';
import { factsAt, type Path, schemaAt, showPath, unwrap } from './walk.ts';

export function explain(error: z.ZodError, tree: unknown, sources: ReadonlyMap<string, string>): string[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.filter((step): step is string | number => typeof step !== 'symbol');
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey([...path, key], sources));
    return [wrongValue(path, issue.message, tree, sources)];
  });
}

function unknownKey(path: Path, sources: ReadonlyMap<string, string>): string {
  const parent = schemaAt(configSchema, path.slice(0, -1));
  const inner = parent && unwrap(parent);
  const known = inner instanceof z.ZodObject ? Object.keys(inner.shape).join(', ') : '';
  return `${named(path, sources)}: there is no such key; known here: ${known}`;
}

function wrongValue(
  path: Path,
  message: string,
  tree: unknown,
  sources: ReadonlyMap<string, string>,
): string {
  const facts = factsAt(configSchema, path);
  const value = valueAt(tree, path);
  const got =
    value === undefined
      ? 'it is missing'
      : facts?.secret
        ? 'got a value that is not shown'
        : `got ${show(value)}`;
  return `${named(path, sources)}: ${got}, expected ${facts?.expected ?? sectionExpected(path) ?? message}`;
}

function sectionExpected(path: Path): string | undefined {
  const schema = schemaAt(configSchema, path);
  const inner = schema && unwrap(schema);
  if (inner instanceof z.ZodObject) return `a section, [${showPath(path)}]`;
  if (inner instanceof z.ZodArray) return `a list of tables, [[${showPath(path)}]]`;
  return undefined;
}

/** The key and where it was set; for one that is missing, where its neighbours were. */
function named(path: Path, sources: ReadonlyMap<string, string>): string {
  const key = showPath(path);
  for (let length = path.length; length > 0; length--) {
    const above = showPath(path.slice(0, length));
    const source = [...sources].find(
      ([known]) => known === above || known.startsWith(`${above}.`) || known.startsWith(`${above}[`),
    );
    if (source) return `${key} (${source[1]})`;
  }
  return key;
}

function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (node, step) =>
      typeof node === 'object' && node !== null
        ? (node as Record<string | number, unknown>)[step]
        : undefined,
    tree,
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
