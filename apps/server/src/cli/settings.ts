/** `ferry settings`, `ferry set` and `ferry rollback`: the settings API of a running gateway, for a terminal. */
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import {
  type historyAnswerSchema,
  type outcomeAnswerSchema,
  type settingsAnswerSchema,
} from '../settings/settings-answer.ts';
import { CliError } from './cli-error.ts';
import type { RunningGateway } from './running-gateway.ts';
import { columns } from './table.ts';

type Print = (text: string) => void;
type Settings = z.output<typeof settingsAnswerSchema>;
type Outcome = z.output<typeof outcomeAnswerSchema>;
type History = z.output<typeof historyAnswerSchema>;

const PATH = '/api/v1/admin/settings';

/** Each setting with its value and where that is from. */
export async function showSettings(gateway: RunningGateway, print: Print): Promise<void> {
  const { revision, made, settings } = (await gateway.ask('GET', PATH)) as Settings;
  const by = made === null ? '' : `, by ${made.who} at ${made.at}: ${made.why}`;
  print(`Revision ${revision}${by}\n`);
  const rows = settings.map(({ key, value, unit, source }) => [
    key,
    `${JSON.stringify(value)}${unit === null ? '' : ` ${unit}`}`,
    source.name ?? source.kind,
  ]);
  print(columns(rows));
}

export interface ChangeRequest {
  /** Such as `upload.reuse_session=true`, values as in the TOML file. */
  readonly assignments: readonly string[];
  readonly why: string;
  readonly dryRun: boolean;
}

/** @throws CliError for an assignment that is none, or what the gateway refuses. */
export async function changeSettings(
  gateway: RunningGateway,
  { assignments, why, dryRun }: ChangeRequest,
  print: Print,
): Promise<void> {
  const values = readAssignments(assignments);
  const query = dryRun ? '?dry_run=true' : '';
  printOutcome((await gateway.ask('PATCH', `${PATH}${query}`, { ...values, why })) as Outcome, print);
}

export interface RollbackRequest {
  /** The one before the current, when absent. */
  readonly revision?: number | undefined;
  readonly why?: string | undefined;
  readonly dryRun: boolean;
}

/** @throws CliError for what the gateway refuses. */
export async function rollback(
  gateway: RunningGateway,
  { revision, why, dryRun }: RollbackRequest,
  print: Print,
): Promise<void> {
  const body = { ...(revision !== undefined && { revision }), ...(why !== undefined && { why }) };
  const query = dryRun ? '?dry_run=true' : '';
  printOutcome((await gateway.ask('POST', `${PATH}/rollback${query}`, body)) as Outcome, print);
}

/** The latest changes, the newest first. */
export async function showHistory(gateway: RunningGateway, print: Print): Promise<void> {
  const { revisions } = (await gateway.ask('GET', `${PATH}/revisions`)) as History;
  if (revisions.length === 0) print('Nothing has been changed: the settings are as configured.\n');
  for (const { revision, at, who, why, changes } of revisions) {
    print(`${revision}  ${at}  ${who}: ${why}\n`);
    for (const { key, from, to } of changes) print(`    ${key}: ${show(from)} -> ${show(to)}\n`);
  }
}

function printOutcome({ dry_run, revision, changes, replaces, ignored }: Outcome, print: Print): void {
  if (changes.length === 0) print('Nothing differs.\n');
  for (const { key, from, to } of changes) {
    print(`${key}: ${show(from)} -> ${show(to)}\n`);
  }
  for (const { upstream, connections, open, requests } of replaces) {
    print(
      `${upstream}: ${connections} connections are opened anew (${open} open, ${requests} requests end first)\n`,
    );
  }
  for (const { key, why } of ignored) print(`${key} is ignored: ${why}\n`);
  if (dry_run) print('A dry run: nothing was changed.\n');
  else if (changes.length > 0) print(`Revision ${revision} is in effect.\n`);
}

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

/** `upload.reuse_session=true` is a line of TOML; so are lists and texts in quotes. */
function readAssignments(assignments: readonly string[]): Record<string, unknown> {
  const lines = assignments.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new CliError(`"${text}" is no assignment, expected key=value.`);
    const [key, value] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    return isToml(`x = ${value}`) ? `${key} = ${value}` : `${key} = ${JSON.stringify(value)}`;
  });
  try {
    return parse(lines.join('\n'));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new CliError('The assignments contradict each other or are malformed, expected section.key=value.');
  }
}

function isToml(line: string): boolean {
  try {
    parse(line);
    return true;
  } catch {
    return false;
  }
}
