/** The small state of this tab's session, in sessionStorage: it survives a reload and ends with the tab. */

const STATE_KEY = 'ferry.edit.1';

/**
 * @returns the state saved by an earlier load of this page in this tab; undefined at the first visit, or when storage is
 * not allowed. The key's version changes with the state's shape, so a state is only ever read by what wrote it.
 */
export function loadSession<T>(): T | undefined {
  try {
    const text = sessionStorage.getItem(STATE_KEY);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/** Saves the state; without storage, or when it is full, the page works on and a reload starts anew. */
export function saveSession(state: unknown): void {
  try {
    sessionStorage.setItem(STATE_KEY, JSON.stringify(state));
  } catch {
    // Storage is an extra.
  }
}
