import type { Told } from '../client/told.ts';
import type { Line, RequestRecord } from './reconcile.ts';

type Keyed = RequestRecord & { readonly keyed: NonNullable<RequestRecord['keyed']> };
type Edited = Told & { readonly type: 'edited' };

/** Who sends a key would rather be told that the database is away than pay twice. */
const AWAY = 'database_unavailable';
const REUSED = 'idempotency_key_reused';

/** Holds what was answered under each `Idempotency-Key` against itself: docs/idempotency.md. That a key is billed once the ledger shows. Pure. */
export function repeatsOf(requests: readonly RequestRecord[]): Line[] {
  const keyed = requests.filter((request): request is Keyed => request.keyed !== undefined);
  const later = keyed.filter((request) => request.keyed.answered !== undefined);
  const again = later.filter(({ keyed: { payload, answered } }) => payload === answered);
  const other = later.filter(({ keyed: { payload, answered } }) => payload !== answered);
  return [
    sameResult(Map.groupBy(keyed, ({ index }) => index)),
    {
      what: 'repeats of what was answered, that answer again',
      count: again.length,
      differences: again.flatMap((request) =>
        isReplay(request.told) || isRefused(request.told, AWAY)
          ? []
          : [saidOf(request, 'was answered before')],
      ),
    },
    {
      what: 'other payloads under a key that was answered, all 422',
      count: other.length,
      differences: other.flatMap((request) =>
        isRefused(request.told, REUSED) || isRefused(request.told, AWAY)
          ? []
          : [saidOf(request, 'is another payload')],
      ),
    },
  ];
}

/** Every 200 under a key is the same answer, and at most one of them is the first. */
function sameResult(byKey: ReadonlyMap<number, readonly Keyed[]>): Line {
  const differences: string[] = [];
  for (const [index, requests] of byKey) {
    const edited = requests.map(({ told }) => told).filter((told): told is Edited => told.type === 'edited');
    const results = new Set(edited.map(({ digest }) => digest)).size;
    const first = edited.filter(({ replayed }) => !replayed).length;
    if (results > 1) differences.push(`request ${index}: ${results} results under one key`);
    if (first > 1) differences.push(`request ${index}: ${first} answers under one key are no replays`);
    if (
      requests.every(({ keyed }) => keyed.payload === 'same') &&
      requests.some(({ told }) => isRefused(told, REUSED))
    )
      differences.push(`request ${index}: the same again is taken for something else`);
  }
  return { what: 'keys that came again, one result each', count: byKey.size, differences };
}

const isReplay = (told: Told): boolean => told.type === 'edited' && told.replayed;
const isRefused = (told: Told, code: string): boolean => told.type === 'refused' && told.code === code;

function saidOf({ index, told }: Keyed, what: string): string {
  const answer = told.type === 'refused' ? `${told.status} ${told.code} (${told.message})` : told.type;
  return `request ${index} ${what}, and is told: ${answer}`;
}
