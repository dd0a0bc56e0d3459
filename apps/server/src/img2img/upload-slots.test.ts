import { silentLogger } from '@ferry/core';
import { expect, test } from 'vitest';
import { type Config, configSchema } from '../config/schema.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { UploadSlots } from './upload-slots.ts';

const never = new AbortController().signal;
const ISOLATED = { reuseSession: false };
const SHARED = { reuseSession: true };

const config = (concurrency: number, maxConnections = 8, cutThrough = true): Config =>
  configSchema.parse({
    upload: { concurrency, cut_through: cutThrough },
    pool: { max_connections: maxConnections },
  });

const slots = (...args: Parameters<typeof config>): UploadSlots =>
  new UploadSlots(new RuntimeSettings(config(...args), silentLogger));

test('images that come in take at most half of the places, and one is free again when its image is whole', () => {
  const four = slots(4);
  const [first, second] = [four.tryGrowing(ISOLATED), four.tryGrowing(ISOLATED)];
  expect(second).toBeDefined();
  expect(four.tryGrowing(ISOLATED)).toBeUndefined();
  first?.becomeWhole();
  expect(four.tryGrowing(ISOLATED)).toBeDefined();
});

test('images that come in take only places that are free, and hold nothing when there is none', async () => {
  const two = slots(2);
  const held = [await two.acquire({}, never), await two.acquire({}, never)];
  expect(two.tryGrowing(ISOLATED)).toBeUndefined();
  for (const place of held) place.release();
  expect(two.tryGrowing(ISOLATED)).toBeDefined();
});

test('a place is given back once, with what was held of it', async () => {
  const two = slots(2);
  const growing = two.tryGrowing(ISOLATED);
  growing?.becomeWhole();
  growing?.[Symbol.dispose]();
  growing?.[Symbol.dispose]();
  await Promise.all([two.acquire({}, never), two.acquire({}, never)]);
  expect(two.tryGrowing(ISOLATED)).toBeUndefined();
});

test('shared connections are left to images that are whole, and to edits, for half', () => {
  const many = slots(20, 4);
  expect([many.tryGrowing(SHARED), many.tryGrowing(SHARED)]).not.toContain(undefined);
  expect(many.tryGrowing(SHARED)).toBeUndefined();
  expect(many.tryGrowing(ISOLATED)).toBeDefined();
});

test.each([
  ['a single place', slots(1)],
  ['cut_through = false', slots(20, 8, false)],
])('with %s no image begins before it is whole', (_, none) => {
  expect(none.tryGrowing(ISOLATED)).toBeUndefined();
});

test('settings that change give more places to those who wait, and take none away', async () => {
  const settings = new RuntimeSettings(config(1), silentLogger);
  const places = new UploadSlots(settings);
  const first = await places.acquire({}, never);
  const waiting = places.acquire({}, never);
  settings.apply(config(2));
  const second = await waiting;
  settings.apply(config(1));
  const third = places.acquire({}, never);
  first.release();
  expect(places.tryGrowing(ISOLATED)).toBeUndefined();
  second.release();
  (await third).release();
});
