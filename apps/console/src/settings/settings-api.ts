/** The settings of the gateway, and what can be asked of them. Shapes as the gateway documents them at /docs. */
import { ask } from '../api/gateway.ts';

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

/** Why something was not done, in words; and what somebody else did meanwhile, when that is why. */
export interface Refusal {
  readonly message: string;
  /** The setting at fault. */
  readonly key: string | null;
  readonly meanwhile: readonly Revision[] | null;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

const PATH = '/api/v1/admin/settings';

export const fetchSettings = (): Promise<Answer<Settings>> => request<Settings>('GET', '');

export async function fetchRevisions(before?: number): Promise<Answer<readonly Revision[]>> {
  const query = before === undefined ? '' : `?before=${before}`;
  const answer = await request<{ readonly revisions: readonly Revision[] }>('GET', `/revisions${query}`);
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
  return request<Outcome>('PATCH', dryRun ? '?dry_run=true' : '', body);
}

/** Brings a revision's settings back; those before the newest change, when none is named. */
export function rollBack(revision?: number): Promise<Answer<Outcome>> {
  return request<Outcome>('POST', '/rollback', revision === undefined ? {} : { revision });
}

async function request<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  try {
    const response = await ask(`${PATH}${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const json: unknown = await response.json().catch(() => undefined);
    return response.ok ? { ok: true, value: json as T } : { ok: false, refusal: refusalOf(json) };
  } catch {
    return { ok: false, refusal: { message: 'Ferry does not answer.', key: null, meanwhile: null } };
  }
}

interface ErrorAnswer {
  readonly error?: { readonly message?: string; readonly param?: string | null };
  readonly conflict?: { readonly meanwhile?: readonly Revision[] };
}

function refusalOf(json: unknown): Refusal {
  const { error, conflict } = (json ?? {}) as ErrorAnswer;
  return {
    message: error?.message ?? 'Ferry answered with an error.',
    key: error?.param ?? null,
    meanwhile: conflict?.meanwhile ?? null,
  };
}
