import { ask } from './gateway.ts';

/** What came of asking: a value, or why not, in the gateway's words. */
export type Answer<T, R = Refusal> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: R };

export interface Refusal {
  readonly message: string;
  /** The field or setting at fault. */
  readonly param: string | null;
  /** The whole answer, for what else it says. */
  readonly body: unknown;
}

interface ErrorAnswer {
  readonly error?: { readonly message?: string; readonly param?: string | null };
}

/** Asks for JSON, with a JSON body if there is one. Never rejects: a failure is an answer with words. */
export async function requestJson<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  try {
    const response = await ask(path, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const json: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined);
    if (response.ok) return { ok: true, value: json as T };
    const { error } = (json ?? {}) as ErrorAnswer;
    const message = error?.message ?? 'Ferry answered with an error.';
    return { ok: false, refusal: { message, param: error?.param ?? null, body: json } };
  } catch {
    return { ok: false, refusal: { message: 'Ferry does not answer.', param: null, body: undefined } };
  }
}
