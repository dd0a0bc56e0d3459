import { EventEmitter } from 'node:events';

type Heard = { readonly event: string | symbol; readonly returned: boolean };

/**
 * What the listeners on a client's sockets, and on its HTTP/2 sessions and streams, heard while `run` went on, and whether they returned
 * anything. Node looks after the promises that listeners return (`addCatch` in its events.js): once one has returned anything, every
 * `emit()` of the whole process keeps its arguments in an array for that, 2 kB of garbage for each upload.
 */
export async function listenersDuring(run: () => Promise<void>): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  const sockets = new Set<EventEmitter>();
  const { emit } = EventEmitter.prototype;
  EventEmitter.prototype.emit = function (this: EventEmitter, event: string | symbol, ...args: unknown[]) {
    // A server in the same process has none of these; its listeners are its own business. Some emitters have no constructor.
    if (event === 'connectionAttempt') sockets.add(this);
    if (!sockets.has(this) && !this.constructor?.name.startsWith('ClientHttp2')) {
      return emit.call(this, event, ...args);
    }
    const listeners = this.rawListeners(event);
    for (const listener of listeners) heard.push({ event, returned: listener.apply(this, args) != null });
    return listeners.length > 0;
  };
  try {
    await run();
  } finally {
    EventEmitter.prototype.emit = emit;
  }
  return heard;
}
