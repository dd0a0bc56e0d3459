import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { DenseSet, NOWHERE } from './dense-set.ts';

const member = (name: string) => ({ name, place: NOWHERE });
const names = (set: DenseSet<ReturnType<typeof member>>) => [...set].map(({ name }) => name).sort();

it('holds what was added and not what was removed, whatever the order', () => {
  const set = new DenseSet<ReturnType<typeof member>>();
  const [a, b, c, d] = [member('a'), member('b'), member('c'), member('d')];
  for (const each of [a, b, c]) set.add(each);
  set.delete(a);
  set.add(d);
  set.delete(c);
  expect(names(set)).toEqual(['b', 'd']);
  expect([set.has(a), set.has(b), set.has(c), set.has(d)]).toEqual([false, true, false, true]);
  set.delete(b);
  set.delete(d);
  expect(set.size).toBe(0);
  set.add(a);
  expect(names(set)).toEqual(['a']);
});

it('added twice, a member is there once; removed twice, no other is harmed', () => {
  const set = new DenseSet<ReturnType<typeof member>>();
  const [a, b] = [member('a'), member('b')];
  set.add(a);
  set.add(a);
  set.add(b);
  expect(set.size).toBe(2);
  set.delete(a);
  set.delete(a);
  expect(names(set)).toEqual(['b']);
  expect(a.place).toBe(NOWHERE);
});

it('a member of another set is none of its own', () => {
  const [one, other] = [new DenseSet<ReturnType<typeof member>>(), new DenseSet<ReturnType<typeof member>>()];
  const [a, b] = [member('a'), member('b')];
  one.add(a);
  other.add(b);
  other.delete(a);
  expect([names(one), names(other)]).toEqual([['a'], ['b']]);
});

it('those who leave while others are visited are visited still, and no one is left out', () => {
  const set = new DenseSet<ReturnType<typeof member>>();
  const all = ['a', 'b', 'c', 'd'].map(member);
  for (const each of all) set.add(each);
  const visited: string[] = [];
  for (const each of set) {
    visited.push(each.name);
    set.delete(each);
  }
  expect(visited.sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(set.size).toBe(0);
});

it('cleared, it is empty', () => {
  const set = new DenseSet<ReturnType<typeof member>>();
  set.add(member('a'));
  set.clear();
  expect([set.size, names(set)]).toEqual([0, []]);
});

/** Megabytes that V8's young collections promoted while 50,000 members of a kilobyte came and went, eight at a time. */
function promotedMB(kind: 'DenseSet' | 'Set'): number {
  const output = execFileSync(
    process.execPath,
    [
      '--conditions=@ferry/source',
      '--expose-gc',
      '--max-semi-space-size=1',
      '--trace-gc',
      '--trace-gc-nvp',
      fileURLToPath(new URL('./testing/churn-child.ts', import.meta.url)),
      kind,
    ],
    { encoding: 'utf8' },
  );
  const collections = [...output.matchAll(/"gc":"s".*?"promoted":(\d+)/g)];
  // Read wrong, the output would promise anything.
  expect(collections.length).toBeGreaterThan(10);
  return collections.reduce((sum, [, bytes]) => sum + Number(bytes), 0) / 1e6;
}

it('what has left it dies young, which in a Set it does not', () => {
  expect(promotedMB('DenseSet')).toBeLessThan(2);
  // When this fails V8 has become better, and a Set will do.
  expect(promotedMB('Set')).toBeGreaterThan(10);
});
