/**
 * Waits for `promise`, or rejects with the signal's reason the moment it aborts. Leaves no listener, so that it can be
 * used once a slice on a signal that lives long (`Promise.race` with one abort promise would keep every slice's
 * reaction).
 */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
