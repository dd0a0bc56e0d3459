/** Members that come and go in a set that has grown old; whoever started it reads what V8 tells of its collections. */
import { DenseSet, NOWHERE, type Placed } from '../dense-set.ts';

interface Member extends Placed {
  readonly load: readonly number[];
}

const set: Pick<Set<Member>, 'add' | 'delete'> | DenseSet<Member> =
  process.argv[2] === 'Set' ? new Set<Member>() : new DenseSet<Member>();
const member = (): Member => ({ place: NOWHERE, load: Array.from({ length: 128 }, () => 0) });

const here = Array.from({ length: 8 }, member);
for (const each of here) set.add(each);
globalThis.gc?.();
for (let i = 0; i < 50_000; i += 1) {
  const next = member();
  set.add(next);
  here.push(next);
  const first = here.shift();
  if (first !== undefined) set.delete(first);
}
