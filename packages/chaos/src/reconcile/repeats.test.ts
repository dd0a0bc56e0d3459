import { expect, test } from 'vitest';
import type { Told } from '../client/told.ts';
import type { RequestRecord } from './reconcile.ts';
import { repeatsOf } from './repeats.ts';

type Payload = 'same' | 'other';

const edited = (digest: string, replayed = false): Told => ({
  type: 'edited',
  images: 1,
  uploads: [],
  replayed,
  digest,
});
const refused = (code: string): Told => ({
  type: 'refused',
  status: 422,
  code,
  message: '',
  mayHaveActed: false,
});
const sent = (told: Told, payload: Payload = 'same', answered?: Payload): RequestRecord => ({
  index: 7,
  n: 1,
  images: [],
  told,
  keyed: { payload, answered },
});
const differences = (...requests: RequestRecord[]): string[] =>
  repeatsOf(requests).flatMap((line) => [...line.differences]);

test('a key that is answered, answers again and refuses something else has no difference', () => {
  const all = [
    sent(edited('a')),
    sent(edited('a', true), 'same', 'same'),
    sent(refused('database_unavailable'), 'same', 'same'),
    sent(refused('idempotency_key_reused'), 'other', 'same'),
  ];
  expect(differences(...all)).toEqual([]);
});

test('a first that was forgotten makes room for the other payload, and is then refused itself', () => {
  const all = [
    sent(refused('upstream_transport')),
    sent(edited('b'), 'other'),
    sent(refused('idempotency_key_reused'), 'same', 'other'),
  ];
  expect(differences(...all)).toEqual([]);
});

test.each([
  ['two results', [sent(edited('a')), sent(edited('b', true))], /2 results under one key/],
  ['two that ran', [sent(edited('a')), sent(edited('a'))], /2 answers under one key are no replays/],
  ['the same, refused as another', [sent(refused('idempotency_key_reused'))], /taken for something else/],
  ['an answer that is gone', [sent(refused('upstream_transport'), 'same', 'same')], /was answered before/],
  ['an answer that ran again', [sent(edited('a'), 'same', 'same')], /was answered before.*told: edited/],
  ['another payload that was done', [sent(edited('b'), 'other', 'same')], /is another payload/],
  ['another payload that failed', [sent(refused('invalid_image'), 'other', 'same')], /is another payload/],
])('%s is a difference', (_, requests, sentence) => {
  expect(differences(...requests)).toContainEqual(expect.stringMatching(sentence));
});
