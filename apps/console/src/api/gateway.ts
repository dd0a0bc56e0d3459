import { decodeConsoleInfo, decodeFailure } from './decode.ts';
import type { ConsoleInfo, Failure } from './wire.ts';

/** Told when the gateway no longer knows who this is: the session has expired, or another admin key was set. */
const signedOut = new Set<() => void>();

export function onSignedOut(hear: () => void): () => void {
  signedOut.add(hear);
  return () => signedOut.delete(hear);
}

/**
 * Asks the gateway, with the session cookie that the browser keeps.
 * @throws TypeError as fetch does when there is no answer.
 */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, {
    ...init,
    headers: { accept: 'application/json', ...(init.headers as Readonly<Record<string, string>>) },
  });
  if (response.status === 401) for (const hear of signedOut) hear();
  return response;
}

/**
 * Exchanges the admin key for a session, kept by the browser where no script can read it.
 * @returns what went wrong; undefined when signed in.
 */
export async function signIn(key: string): Promise<Failure | undefined> {
  try {
    const response = await fetch('/api/v1/admin/session', {
      method: 'POST',
      headers: { accept: 'application/json', authorization: `Bearer ${key.trim()}` },
    });
    const body: unknown = await response.json().catch(() => undefined);
    return response.ok ? undefined : decodeFailure(response.status, body);
  } catch {
    return localFailure('gateway_unreachable');
  }
}

export type ConsoleInfoAnswer =
  | { readonly ok: true; readonly info: ConsoleInfo }
  | { readonly ok: false; readonly failure: Failure };

/** Asks the gateway what it can do. Never rejects: a failure is an answer with words. */
export async function fetchConsoleInfo(): Promise<ConsoleInfoAnswer> {
  try {
    const response = await fetch('/api/v1/admin/console', { headers: { accept: 'application/json' } });
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) return { ok: false, failure: decodeFailure(response.status, body) };
    return { ok: true, info: decodeConsoleInfo(body) };
  } catch {
    return { ok: false, failure: localFailure('gateway_unreachable') };
  }
}

/**
 * Brings a result's bytes here, so that it outlives its link and can be an input.
 * @returns undefined when the bytes cannot be had, such as from a store that does not allow this page; the link still works.
 */
export async function fetchPicture(url: string): Promise<Blob | undefined> {
  try {
    const ours = new URL(url, location.href).origin === location.origin;
    const response = ours
      ? await ask(url, { headers: { accept: 'image/*' } })
      : await fetch(url, { credentials: 'omit' });
    return response.ok ? await response.blob() : undefined;
  } catch {
    return undefined;
  }
}

/** A failure that this page saw by itself: no answer came, so there is no status. */
export function localFailure(code: LocalFailureCode): Failure {
  return { status: 0, message: '', code, param: null, attempts: [] };
}

export type LocalFailureCode =
  | 'gateway_unreachable'
  | 'connection_lost_sending'
  | 'connection_lost_waiting'
  | 'reloaded'
  | 'bad_answer';
