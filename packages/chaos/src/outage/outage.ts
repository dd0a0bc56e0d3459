import type { ChaosClient } from '../client/client.ts';
import { sendOnce } from '../client/send.ts';
import { keyOf, planRequest } from '../plan/request-plan.ts';
import type { DatabaseHealth, EmbeddedDatabase, Need } from '../process/database.ts';
import type { RequestRecord } from '../reconcile/reconcile.ts';

/**
 * How the database is ended: without a shutdown or by an immediate one (pg_ctl(1)), after which it cannot start until everything was
 * looked at; or by a fast one, after which the gateway starts it again at once.
 */
export const ENDINGS = ['SIGKILL', 'SIGINT', 'SIGQUIT'] as const;
type Ending = (typeof ENDINGS)[number];

/** Something that was looked at during an outage, and what was not as it must be. */
export interface Look {
  readonly at: 'health' | 'need' | 'edit';
  /** A sentence; absent when all is well. */
  readonly difference?: string;
}

/** What was seen of one outage of the database. */
export interface Outage {
  readonly looks: readonly Look[];
  /** Sent to find out; they are in the ledger too. */
  readonly requests: readonly RequestRecord[];
}

interface OutageOptions {
  readonly ending: Ending;
  readonly seed: number;
  /** The number of the first request that is sent to find out. At most `OUTAGE_REQUESTS` follow. */
  readonly from: number;
}

/** Health must tell of it within this, and it must be back. Milliseconds. */
const TOLD_WITHIN_MS = 10_000;
const BACK_WITHIN_MS = 30_000;
/** An edit may meet faults of the upstream; hardly so many in a row. */
const TRIES = 12;
/** Numbers that the requests of one outage take at most: a keyed one and the tries. */
export const OUTAGE_REQUESTS: number = TRIES + 1;

/** Ends the database, looks at what the gateway does without it, and waits until it is back. */
export async function outage(
  client: ChaosClient,
  database: EmbeddedDatabase,
  { ending, seed, from }: OutageOptions,
): Promise<Outage> {
  const looks: Look[] = [];
  const requests: RequestRecord[] = [];
  const health = (well: unknown, difference: string): void =>
    void looks.push({ at: 'health', ...(!well && { difference: `${ending}: ${difference}` }) });

  const before = await database.until(isUp, BACK_WITHIN_MS);
  if (before === undefined) return { requests, looks: [{ at: 'health', difference: 'it was away before' }] };
  const keyed = { ...planRequest(seed, from), key: keyOf(seed, from), leaves: undefined };
  if (ending === 'SIGINT') {
    await database.signal(ending);
  } else {
    await database.forbidStart();
    try {
      await database.signal(ending);
      health(await database.until((now) => !isUp(now), TOLD_WITHIN_MS), 'health does not tell of it');
      looks.push(needy(await database.need()));
      const refused = await sendOnce(client, keyed);
      requests.push(refused);
      looks.push(toldSo(refused));
      const edits = await editsWithout(client, seed, from + 1);
      requests.push(...edits);
      looks.push({
        at: 'edit',
        ...(!edits.some(isEdited) && { difference: `${ending}: no edit was served` }),
      });
    } finally {
      await database.allowStart();
    }
  }
  // Up since another moment: it was away in between.
  const back = await database.until((now) => isUp(now) && now.since !== before.since, BACK_WITHIN_MS);
  health(back, 'it did not come back');
  // What was refused for the database was not begun, and so runs now.
  if (requests.length > 0) requests.push(await sendOnce(client, keyed));
  return { looks, requests };
}

/** Sends edits without a key, one after another, until one is served. */
async function editsWithout(client: ChaosClient, seed: number, from: number): Promise<RequestRecord[]> {
  const requests: RequestRecord[] = [];
  while (requests.length < TRIES && !requests.some(isEdited)) {
    const plan = planRequest(seed, from + requests.length);
    requests.push(await sendOnce(client, { ...plan, leaves: undefined }));
  }
  return requests;
}

function needy({ status, code, saysWhen }: Need): Look {
  const well = status === 503 && code === 'database_unavailable' && saysWhen;
  return { at: 'need', ...(!well && { difference: `GET /v1/files: ${status} ${code}` }) };
}

function toldSo({ told }: RequestRecord): Look {
  if (told.type === 'refused' && told.code === 'database_unavailable') return { at: 'need' };
  return { at: 'need', difference: `a request with a key was told: ${JSON.stringify(told)}` };
}

const isUp = ({ kind }: DatabaseHealth): boolean => kind === 'up';
const isEdited = ({ told }: RequestRecord): boolean => told.type === 'edited';
