import type { LedgerEntry } from '@ferry/upstream-sim';
import type { Told } from '../client/told.ts';
import type { Repeat } from '../plan/request-plan.ts';

/** What is remembered of a request: enough to hold it against the upstream's books. */
export interface RequestRecord {
  /** The same for everything under one key. */
  readonly index: number;
  /** Its images, in order. No two of a run are alike. */
  readonly images: readonly { readonly sha256: string; readonly bytes: number }[];
  /** Images asked for. */
  readonly n: number;
  readonly told: Told;
  /** Of a request with an `Idempotency-Key`. */
  readonly keyed?: {
    readonly payload: Payload;
    /** What the key had been answered 200 for when this was sent. */
    readonly answered: Payload | undefined;
  };
}

type Payload = Repeat['payload'];

/** One line of the reconciliation: what must agree, how often it was looked at, and where it does not. */
export interface Line {
  readonly what: string;
  readonly count: number;
  /** Sentences that name the request. */
  readonly differences: readonly string[];
}

/**
 * Holds what clients were told against what the upstream did. The ledger is the truth: it was written before each answer left.
 * Pure.
 */
export function reconcile(requests: readonly RequestRecord[], ledger: readonly LedgerEntry[]): Line[] {
  const stored = new Map<string, { readonly sha256: string; readonly bytes: number }>();
  for (const { work } of ledger) if (work?.file !== undefined) stored.set(work.file.id, work.file);
  const owner = new Map(
    requests.flatMap(({ index, images }) => images.map(({ sha256 }) => [sha256, index] as const)),
  );
  const billed = new Map<number, LedgerEntry[]>();
  const stray: string[] = [];
  for (const entry of ledger) {
    const { sequence, work } = entry;
    if (work?.file !== undefined && !owner.has(work.file.sha256))
      stray.push(`upload ${work.file.id} is of no request`);
    if (work?.images === undefined) continue;
    const owners = new Set((work.sources ?? []).map((id) => owner.get(stored.get(id)?.sha256 ?? '')));
    const [index] = owners;
    if (owners.size !== 1 || index === undefined)
      stray.push(`edit ${sequence} is of no request, or of several`);
    else billed.set(index, [...(billed.get(index) ?? []), entry]);
  }
  return [
    settled(requests),
    uploadsOf(requests, stored),
    editsOf(requests, billed),
    {
      what: 'requests billed, each at most once',
      count: billed.size,
      differences: [...billed]
        .filter(([, edits]) => edits.length > 1)
        .map(
          ([index, edits]) =>
            `request ${index}: ${edits.length} edits are billed: ${edits.map(inShort).join('; ')}`,
        ),
    },
    silentlyBilled(requests, billed),
    { what: 'entries of the ledger, each of one request', count: ledger.length, differences: stray },
  ];
}

function settled(requests: readonly RequestRecord[]): Line {
  const differences = requests.flatMap(({ index, told }) => {
    if (told.type === 'hung') return [`request ${index}: never answered`];
    if (told.type === 'broken') return [`request ${index}: ${told.why}`];
    // The gateway's own word for "I do not know what happened".
    if (told.type === 'refused' && told.code === 'internal_error')
      return [`request ${index}: internal_error`];
    return [];
  });
  return { what: 'requests settled', count: requests.length, differences };
}

function uploadsOf(
  requests: readonly RequestRecord[],
  stored: ReadonlyMap<string, { readonly sha256: string; readonly bytes: number }>,
): Line {
  const differences: string[] = [];
  let count = 0;
  for (const { index, images, told } of requests) {
    if (told.type !== 'edited') continue;
    const say = (sentence: string): void => void differences.push(`request ${index}: ${sentence}`);
    if (told.uploads.length !== images.length)
      say(`${told.uploads.length} uploads of ${images.length} images`);
    for (const [at, { fileId, bytes }] of told.uploads.entries()) {
      count += 1;
      const file = stored.get(fileId);
      const image = images[at];
      if (file === undefined) say(`upload ${fileId} was answered and is not in the ledger`);
      else if (file.sha256 !== image?.sha256) say(`upload ${fileId} has other bytes than the client sent`);
      else if (bytes !== image.bytes) say(`upload ${fileId}: told ${bytes} bytes of ${image.bytes}`);
    }
  }
  return { what: 'uploads answered 200, in the ledger with their bytes (SHA-256)', count, differences };
}

function editsOf(
  requests: readonly RequestRecord[],
  billed: ReadonlyMap<number, readonly LedgerEntry[]>,
): Line {
  const edited = requests.flatMap(({ index, n, told }) =>
    told.type === 'edited' ? [{ index, n, told }] : [],
  );
  const differences = edited.flatMap(({ index, n, told }) => {
    const images = billed.get(index)?.[0]?.work?.images;
    if (images === undefined) return [`request ${index}: answered 200, and no edit is in the ledger`];
    if (images !== n || told.images !== n) {
      return [`request ${index}: ${n} images asked, ${images} billed, ${told.images} answered`];
    }
    return [];
  });
  return { what: 'edits answered 200, in the ledger with their images', count: edited.length, differences };
}

/** Who is told of an error without `x-should-retry: false` may send again, and would pay again, unless a key keeps it from that. */
function silentlyBilled(
  requests: readonly RequestRecord[],
  billed: ReadonlyMap<number, readonly LedgerEntry[]>,
): Line {
  const refused = requests.flatMap(({ index, told, keyed }) =>
    told.type === 'refused' && keyed === undefined ? [{ index, told }] : [],
  );
  const differences = refused
    .filter(({ index, told }) => billed.has(index) && !told.mayHaveActed)
    .map(
      ({ index, told }) =>
        `request ${index}: ${told.status} ${told.code} (${told.message}) invites a retry, and an edit is billed: ${(billed.get(index) ?? []).map(inShort).join('; ')}`,
    );
  return { what: 'errors without a key, none inviting to pay twice', count: refused.length, differences };
}

/** An entry, for whoever looks for the cause of a difference. */
function inShort({
  at,
  connectionId,
  connectionUse,
  streamId,
  protocol,
  outcome,
  status,
  fault,
}: LedgerEntry): string {
  const where = `${protocol} ${connectionId}#${connectionUse}${streamId === undefined ? '' : ` stream ${streamId}`}`;
  const struck = fault === undefined ? '' : `, ${fault.effect}`;
  return `${new Date(at).toISOString()} ${where} ${outcome} ${status ?? 'unanswered'}${struck}`;
}
