import dns, { type LookupAddress, type LookupAllOptions } from 'node:dns';
import { synBlackhole } from '@ferry/upstream-sim/peers';
import { expect, test, vi } from 'vitest';
import type { Stage } from '../stage/stage.ts';
import { type Group, play } from './group.ts';

/** Also loopback, and no peer of the suite listens there. */
const DEAD = '127.0.0.2';

type Answer = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/**
 * Plays with a host that resolves to a dead address first, and then to the peer's; for as long as the play itself lasts, since the peer's
 * own address is looked up by the same means.
 */
async function deadFirst(group: Group, prepare: (stage: Stage) => Promise<void>): Promise<void> {
  const addresses = [DEAD, '127.0.0.1'].map((address) => ({ address, family: 4 }));
  const system = dns.lookup;
  let playing = false;
  let asked = 0;
  const answer = (name: string, about: LookupAllOptions, then: Answer): void => {
    if (playing) {
      asked += 1;
      process.nextTick(then, null, addresses);
    } else {
      system(name, about, then);
    }
  };
  // The transport takes it when it is made.
  const spy = vi.spyOn(dns, 'lookup').mockImplementation(answer as typeof dns.lookup);
  try {
    await play(group, { profile: 'FRESH' }, async (stage) => {
      await prepare(stage);
      playing = true;
      for (let i = 0; i < 2; i += 1) expect(await stage.send()).toMatchObject({ status: 200 });
      expect([stage.peer.requests.length, asked]).toEqual([2, 1]);
    });
  } finally {
    spy.mockRestore();
  }
}

/** A host that has several addresses is reached while one of them is (RFC 8305), and its name is kept with all of them. */
export function addresses(group: Group): void {
  test('an address that refuses costs no attempt when the host has another', () =>
    deadFirst(group, async () => undefined));

  test('nor does one that answers nothing', () =>
    deadFirst(group, async (stage) => {
      stage.keep(await synBlackhole({ host: DEAD, port: Number(stage.url.port) }));
    }));
}
