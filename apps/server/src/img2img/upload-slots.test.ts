import { silentLogger } from '@ferry/core';
import { expect, test } from 'vitest';
import { ProviderPlaces } from '../admission/provider-places.ts';
import { type Config, configSchema } from '../config/schema.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { UploadSlots } from './upload-slots.ts';

const never = new AbortController().signal;
const upstream = { name: 'xai' };
const ISOLATED = { upstream, reuseSession: false };
const SHARED = { upstream, reuseSession: true };
const turn = { caller: 'a' };

const config = (concurrency: number, maxConnections = 8, cutThrough = true): Config =>
  configSchema.parse({
    upload: { concurrency, cut_through: cutThrough },
    pool: { max_connections: maxConnections },
  });

const placesOf = (settings: RuntimeSettings): UploadSlots =>
  new UploadSlots(settings, new ProviderPlaces(settings.current), settings.current);

const slots = (...args: Parameters<typeof config>): UploadSlots =>
  placesOf(new RuntimeSettings(config(...args), silentLogger));

test('images that come in take at most half of the places, and one is free again when its image is whole', () => {
  const four = slots(4);
  const [first, second] = [four.tryGrowing(ISOLATED, turn), four.tryGrowing(ISOLATED, turn)];
  expect(second).toBeDefined();
  expect(four.tryGrowing(ISOLATED, turn)).toBeUndefined();
  first?.becomeWhole();
  expect(four.tryGrowing(ISOLATED, turn)).toBeDefined();
});

test('images that come in take only places that are free, and hold nothing when there is none', async () => {
  const two = slots(2);
  const held = [await two.acquire(ISOLATED, turn, never), await two.acquire(ISOLATED, turn, never)];
  expect(two.tryGrowing(ISOLATED, turn)).toBeUndefined();
  for (const place of held) place[Symbol.dispose]();
  expect(two.tryGrowing(ISOLATED, turn)).toBeDefined();
});

test('a place is given back once, with what was held of it', async () => {
  const two = slots(2);
  const growing = two.tryGrowing(ISOLATED, turn);
  growing?.becomeWhole();
  growing?.[Symbol.dispose]();
  growing?.[Symbol.dispose]();
  await Promise.all([two.acquire(ISOLATED, turn, never), two.acquire(ISOLATED, turn, never)]);
  expect(two.tryGrowing(ISOLATED, turn)).toBeUndefined();
});

test('shared connections are left to images that are whole, and to edits, for half', () => {
  const many = slots(20, 4);
  expect([many.tryGrowing(SHARED, turn), many.tryGrowing(SHARED, turn)]).not.toContain(undefined);
  expect(many.tryGrowing(SHARED, turn)).toBeUndefined();
  expect(many.tryGrowing(ISOLATED, turn)).toBeDefined();
});

test.each([
  ['a single place', slots(1)],
  ['cut_through = false', slots(20, 8, false)],
])('with %s no image begins before it is whole', (_, none) => {
  expect(none.tryGrowing(ISOLATED, turn)).toBeUndefined();
});

test('settings that change give more places to those who wait, and take none away', async () => {
  const settings = new RuntimeSettings(config(1), silentLogger);
  const places = placesOf(settings);
  const first = await places.acquire(ISOLATED, turn, never);
  const waiting = places.acquire(ISOLATED, turn, never);
  settings.apply(config(2));
  const second = await waiting;
  settings.apply(config(1));
  const third = places.acquire(ISOLATED, turn, never);
  first[Symbol.dispose]();
  expect(places.tryGrowing(ISOLATED, turn)).toBeUndefined();
  second[Symbol.dispose]();
  (await third)[Symbol.dispose]();
});

test('a provider with a limit of its own takes half of it from images that come in, and another provider the rest', () => {
  const provider = (name: string) => ({
    name,
    base_url: 'https://upstream.example',
    models: [name],
    keys: ['env:KEY'],
    concurrency: 2,
  });
  const limited = configSchema.parse({ provider: [provider('xai'), provider('other')] });
  const places = placesOf(new RuntimeSettings(limited, silentLogger));
  expect(places.tryGrowing(ISOLATED, turn)).toBeDefined();
  expect(places.tryGrowing(ISOLATED, turn)).toBeUndefined();
  expect(places.tryGrowing({ ...ISOLATED, upstream: { name: 'other' } }, turn)).toBeDefined();
});
