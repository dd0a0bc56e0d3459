/** The API keys of clients, as the gateway shows them. */
import { type Answer, requestJson } from '../api/request-json.ts';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly source: 'configuration' | 'database';
  /** The key's first characters. */
  readonly hint: string | null;
  readonly requests_per_minute: number | null;
  readonly concurrency: number | null;
  readonly created_at: string | null;
  readonly revoked_at: string | null;
}

const PATH = '/api/v1/admin/keys';

export async function fetchKeys(): Promise<Answer<readonly ApiKey[]>> {
  const answer = await requestJson<{ readonly data: readonly ApiKey[] }>('GET', PATH);
  return answer.ok ? { ok: true, value: answer.value.data } : answer;
}

/** The key itself is in this answer and nowhere else. */
export const makeKey = (name: string): Promise<Answer<ApiKey & { readonly key: string }>> =>
  requestJson('POST', PATH, { name });

export const revokeKey = (id: string): Promise<Answer<void>> =>
  requestJson('DELETE', `${PATH}/${encodeURIComponent(id)}`);
