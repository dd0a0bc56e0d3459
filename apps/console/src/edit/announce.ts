/** Tells the gateway that an edit is about to come, so that a connection stands ready when it does. */

import type { Reuse } from '../api/edit-request.ts';
import { ask } from '../api/gateway.ts';

/** A connection that was opened ahead waits ten seconds by default: to say it more rarely would let it go again. Milliseconds. */
const SAID_FOR_MS = 4_000;

export interface ExpectedEdit {
  readonly model: string;
  readonly reuse: Reuse;
}

/** For one page: says it at once, and again no sooner than it is forgotten. @param now milliseconds that only grow. */
export function createAnnouncer(
  say: (edit: ExpectedEdit) => void,
  now: () => number = () => performance.now(),
): (edit: ExpectedEdit) => void {
  let said: (ExpectedEdit & { readonly at: number }) | undefined;
  return ({ model, reuse }) => {
    const at = now();
    if (said?.model === model && said.reuse === reuse && at - said.at < SAID_FOR_MS) return;
    said = { model, reuse, at };
    say({ model, reuse });
  };
}

/** What goes wrong with it is no loss: the upload opens its connection itself. */
export function announceEdit({ model, reuse }: ExpectedEdit): void {
  const body = { model, ...(reuse !== 'default' && { reuse_session: reuse === 'on' }) };
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  ask('/api/v1/admin/console/prepare', init).catch(() => undefined);
}
