/** What an operator asks for, read from a request's body or a command line. */
import { z } from 'zod';
import { configSchema } from '../config/schema.ts';
import { badRequest } from '../errors/gateway-error.ts';
import { problemOf } from './overrides.ts';
import { RUNTIME_SECTIONS, type RuntimeSection } from './runtime-config.ts';
import { DEFINITIONS } from './setting-definition.ts';

const MAX_WHY_CHARS = 500;

/** Said of every revision: a history of values without reasons helps nobody at night. */
export const whySchema = z
  .string()
  .trim()
  .min(1)
  .max(MAX_WHY_CHARS)
  .regex(/^[^\p{Cc}]*$/u)
  .describe(`Why, in a line of at most ${MAX_WHY_CHARS} characters.`);

/** The number of a revision; 0 is the configuration that Ferry was started with. */
export const revisionSchema = z.int().min(0).max(2_147_483_647);

export interface ChangeRequest {
  /** New values by key; null returns a setting to the configuration. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly why: string;
  /** The revision that the values were decided on. */
  readonly base: number | undefined;
}

const WHY_EXPECTED = `why: expected a line of text, 1 to ${MAX_WHY_CHARS} characters`;

/**
 * Reads `{ "upload": { "reuse_session": true }, "why": "...", "revision"? }`.
 * @param stored keys that are stored but unknown to this version: they can be set to null.
 * @throws GatewayError 400 that names the key, its value and what was expected.
 */
export function parseChange(body: unknown, stored: ReadonlySet<string> = new Set()): ChangeRequest {
  const { why, revision, ...sections } = asObject(body, undefined);
  const values = new Map<string, unknown>();
  for (const [section, keys] of Object.entries(sections)) {
    if (!isRuntimeSection(section)) refuseSection(section);
    for (const [name, value] of Object.entries(asObject(keys, section))) {
      const key = `${section}.${name}`;
      if (!(value === null && stored.has(key))) refuseUnfit(key, section, value);
      values.set(key, value);
    }
  }
  if (values.size === 0) {
    throw badRequest('The body names no setting, expected one such as "upload": { "reuse_session": true }.', {
      code: 'missing_required_parameter',
    });
  }
  return { values, why: parseWhy(why), base: parseRevision(revision) };
}

/** @throws GatewayError 400. */
export function parseWhy(why: unknown): string {
  const parsed = whySchema.safeParse(why);
  if (parsed.success) return parsed.data;
  const code = why === undefined ? 'missing_required_parameter' : 'invalid_value';
  throw badRequest(`${WHY_EXPECTED}.`, { code, param: 'why' });
}

/** @throws GatewayError 400. */
export function parseRevision(revision: unknown): number | undefined {
  if (revision === undefined) return undefined;
  const parsed = revisionSchema.safeParse(revision);
  if (parsed.success) return parsed.data;
  throw badRequest(`revision: got ${show(revision)}, expected the number of a revision.`, {
    code: 'invalid_value',
    param: 'revision',
  });
}

/** @throws GatewayError 400. */
export function asObject(value: unknown, param: string | undefined): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  const what = param === undefined ? 'The body' : param;
  throw badRequest(`${what}: got ${show(value)}, expected an object.`, {
    code: 'invalid_value',
    ...(param !== undefined && { param }),
  });
}

function refuseUnfit(key: string, section: RuntimeSection, value: unknown): void {
  const definition = DEFINITIONS.get(key);
  if (definition === undefined) refuseKey(key, section);
  const problem = value === null ? undefined : problemOf(definition, value);
  if (problem === undefined) return;
  throw badRequest(`${key}: got ${show(value)}, ${problem}.`, { code: 'invalid_value', param: key });
}

function refuseKey(key: string, section: RuntimeSection): never {
  const inSchema = Object.keys(configSchema.shape[section].unwrap().shape).some(
    (name) => key === `${section}.${name}`,
  );
  const known = [...DEFINITIONS.values()]
    .filter((other) => other.section === section)
    .map(({ name }) => name);
  throw badRequest(
    inSchema
      ? `${key}: it can hold a secret, so it is read from the configuration only, when Ferry starts.`
      : `${key}: there is no such setting; known here: ${known.join(', ')}.`,
    { code: 'unknown_parameter', param: key },
  );
}

function refuseSection(section: string): never {
  const known = RUNTIME_SECTIONS.join(', ');
  throw badRequest(
    Object.hasOwn(configSchema.shape, section)
      ? `${section}: it is read from the configuration only, when Ferry starts; settings are ${known}.`
      : `${section.slice(0, 60)}: there is no such section of settings; known: ${known}.`,
    { code: 'unknown_parameter', param: section.slice(0, 60) },
  );
}

function isRuntimeSection(section: string): section is RuntimeSection {
  return RUNTIME_SECTIONS.some((known) => known === section);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
