import { decodeConsoleInfo, decodeFailure } from './decode.ts';
import type { ConsoleInfo, Failure } from './wire.ts';

/** The admin key, kept for the life of this page only: in no storage that another page or a later visit could read. */
let adminKey = '';

export function signIn(key: string): void {
  adminKey = key.trim();
}

/** The headers that say who is asking; empty on a loopback gateway that asks for no key. */
export function credentials(): Readonly<Record<string, string>> {
  return adminKey === '' ? {} : { authorization: `Bearer ${adminKey}` };
}

export type ConsoleInfoAnswer =
  | { readonly ok: true; readonly info: ConsoleInfo }
  | { readonly ok: false; readonly failure: Failure };

/** Asks the gateway what it can do. Never rejects: a failure is an answer with words. */
export async function fetchConsoleInfo(): Promise<ConsoleInfoAnswer> {
  try {
    const response = await fetch('/api/v1/admin/console', {
      headers: { accept: 'application/json', ...credentials() },
    });
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
    const response = await fetch(url, ours ? { headers: credentials() } : { credentials: 'omit' });
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
