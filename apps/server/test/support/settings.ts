/** The settings API, as an operator's script uses it. */
import type { Ferry } from './ferry.ts';

export const SETTINGS = '/api/v1/admin/settings';

export interface SettingsReply {
  readonly status: number;
  readonly etag: string | null;
  readonly body: {
    readonly error?: { readonly message: string; readonly code: string; readonly param: string | null };
    readonly revision: number;
    readonly origin: string;
    readonly database: string;
    readonly dry_run: boolean;
    readonly changes: readonly { readonly key: string; readonly from: unknown; readonly to: unknown }[];
    readonly replaces: readonly { readonly upstream: string; readonly connections: string }[];
    readonly settings: readonly {
      readonly key: string;
      readonly value: unknown;
      readonly source: { readonly kind: string; readonly name: string | null };
      readonly [field: string]: unknown;
    }[];
    readonly revisions: readonly { readonly revision: number; readonly who: string; readonly why: string }[];
    readonly next_before: number | null;
    readonly conflict?: { readonly meanwhile: readonly { readonly who: string; readonly why: string }[] };
  };
}

export interface SettingsRequest {
  readonly method?: string;
  /** After `/api/v1/admin/settings`. */
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function settings(
  { url }: Pick<Ferry, 'url'>,
  { method = 'GET', path = '', body, headers = {} }: SettingsRequest = {},
): Promise<SettingsReply> {
  const response = await fetch(`${url}${SETTINGS}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    body: (await response.json()) as SettingsReply['body'],
  };
}

/** Changes settings; throws when that is refused. */
export async function change(ferry: Pick<Ferry, 'url'>, sections: object): Promise<SettingsReply['body']> {
  const { status, body } = await settings(ferry, { method: 'PATCH', body: { why: 'a test', ...sections } });
  if (status !== 200) throw new Error(`${status}: ${body.error?.message}`);
  return body;
}

/** The value of a setting in effect. */
export async function settingOf(ferry: Pick<Ferry, 'url'>, key: string): Promise<unknown> {
  const { body } = await settings(ferry);
  return body.settings.find((setting) => setting.key === key)?.value;
}
