/** The settings of the gateway, and what can be asked of them. Shapes as the gateway documents them at /docs. */
import { type Answer, type Refusal, requestJson } from '../api/request-json.ts';

export type SettingValue = boolean | number | string | readonly number[];

/** The part of a JSON Schema that settings use. */
export interface SettingSchema {
  readonly type: 'boolean' | 'integer' | 'number' | 'string' | 'array';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface SettingSource {
  readonly kind: 'default' | 'file' | 'environment' | 'revision';
  readonly name: string | null;
}

export interface Setting {
  /** Such as `upload.reuse_session`. */
  readonly key: string;
  readonly value: SettingValue;
  readonly default: SettingValue;
  readonly source: SettingSource;
  /** What it would be without the change; null when it is not changed. */
  readonly configured: { readonly value: SettingValue; readonly source: SettingSource } | null;
  readonly about: string;
  readonly unit: string | null;
  readonly expected: string;
  readonly schema: SettingSchema;
  readonly cost: { readonly about: string };
}

export interface Settings {
  readonly revision: number;
  readonly made: { readonly at: string; readonly who: string; readonly why: string } | null;
  readonly database: 'available' | 'unavailable';
  readonly settings: readonly Setting[];
  readonly ignored: readonly { readonly key: string; readonly why: string }[];
}

interface SettingChange {
  readonly key: string;
  readonly from?: SettingValue;
  readonly to?: SettingValue;
}

export interface Outcome {
  readonly dry_run: boolean;
  readonly revision: number;
  readonly changes: readonly SettingChange[];
  readonly replaces: readonly {
    readonly upstream: string;
    readonly connections: 'isolated' | 'shared';
    readonly open: number;
    readonly requests: number;
  }[];
}

export interface Revision {
  readonly revision: number;
  readonly at: string;
  readonly who: string;
  readonly why: string;
  readonly changes: readonly SettingChange[];
  readonly rollback_to: number | null;
}

const PATH = '/api/v1/admin/settings';

export const fetchSettings = (): Promise<Answer<Settings>> => requestJson<Settings>('GET', PATH);

export async function fetchRevisions(before?: number): Promise<Answer<readonly Revision[]>> {
  const query = before === undefined ? '' : `?before=${before}`;
  const answer = await requestJson<{ readonly revisions: readonly Revision[] }>(
    'GET',
    `${PATH}/revisions${query}`,
  );
  return answer.ok ? { ok: true, value: answer.value.revisions } : answer;
}

export interface ChangeRequest {
  /** By key. */
  readonly values: Readonly<Record<string, SettingValue>>;
  readonly why: string;
  /** The revision that was looked at. */
  readonly revision: number;
  readonly dryRun: boolean;
}

export function changeSettings({ values, why, revision, dryRun }: ChangeRequest): Promise<Answer<Outcome>> {
  const body: Record<string, unknown> = { why, revision };
  for (const [key, value] of Object.entries(values)) {
    const [section = '', name = ''] = key.split('.');
    body[section] = { ...(body[section] as object | undefined), [name]: value };
  }
  return requestJson<Outcome>('PATCH', `${PATH}${dryRun ? '?dry_run=true' : ''}`, body);
}

/** Brings a revision's settings back; those before the newest change, when none is named. */
export function rollBack(revision?: number): Promise<Answer<Outcome>> {
  return requestJson<Outcome>('POST', `${PATH}/rollback`, revision === undefined ? {} : { revision });
}

/** What others did meanwhile, when that is why a change was refused. */
export function meanwhile({ body }: Refusal): readonly Revision[] | null {
  return (
    (body as { readonly conflict?: { readonly meanwhile?: readonly Revision[] } } | undefined)?.conflict
      ?.meanwhile ?? null
  );
}
