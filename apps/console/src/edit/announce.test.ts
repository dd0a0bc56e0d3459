import { expect, test } from 'vitest';
import { createAnnouncer, type ExpectedEdit } from './announce.ts';

test('an edit is announced at once, again when it is forgotten, and when it will go another way', () => {
  const said: ExpectedEdit[] = [];
  let now = 0;
  const announce = createAnnouncer(
    (edit) => said.push(edit),
    () => now,
  );
  const edit: ExpectedEdit = { model: 'a', reuse: 'default' };
  announce(edit);
  now = 3_999;
  announce(edit);
  expect(said).toEqual([edit]);
  now = 4_000;
  announce(edit);
  expect(said).toEqual([edit, edit]);
  announce({ ...edit, reuse: 'on' });
  announce({ model: 'b', reuse: 'on' });
  announce({ model: 'b', reuse: 'on' });
  expect(said.slice(2)).toEqual([
    { model: 'a', reuse: 'on' },
    { model: 'b', reuse: 'on' },
  ]);
});
