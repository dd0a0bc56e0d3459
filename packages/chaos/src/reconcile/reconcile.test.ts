import type { LedgerEntry } from '@ferry/upstream-sim';
import { expect, test } from 'vitest';
import type { Told } from '../client/told.ts';
import { type RequestRecord, reconcile } from './reconcile.ts';

const entry = (sequence: number, part: Partial<LedgerEntry>): LedgerEntry => ({
  sequence,
  at: 0,
  method: 'POST',
  path: '/v1/files',
  protocol: 'h2',
  connectionId: 'c1',
  connectionUse: 1,
  outcome: 'answered',
  bytesReceived: 10,
  bodyWhole: true,
  ...part,
});
const stored = (sequence: number, id: string, sha256: string): LedgerEntry =>
  entry(sequence, { work: { file: { id, bytes: 10, sha256, expiresAt: 0 } } });
const billed = (sequence: number, ...sources: string[]): LedgerEntry =>
  entry(sequence, { path: '/v1/images/edits', work: { images: 1, sources } });

const EDITED: Told = {
  type: 'edited',
  images: 1,
  uploads: [{ fileId: 'f1', bytes: 10 }],
  replayed: false,
  digest: 'd1',
};
const request = (told: Told): RequestRecord => ({
  index: 7,
  n: 1,
  images: [{ sha256: 'aa', bytes: 10 }],
  told,
});

function differences(requests: RequestRecord[], ledger: LedgerEntry[]): string[] {
  return reconcile(requests, ledger).flatMap((line) => [...line.differences]);
}

test('books that agree have no difference', () => {
  expect(differences([request(EDITED)], [stored(1, 'f1', 'aa'), billed(2, 'f1')])).toEqual([]);
});

test('an upload that was sent again and stored twice is none: only edits are billed', () => {
  const ledger = [stored(1, 'f0', 'aa'), stored(2, 'f1', 'aa'), billed(3, 'f1')];
  expect(differences([request(EDITED)], ledger)).toEqual([]);
});

const refused = (mayHaveActed: boolean): Told => ({
  type: 'refused',
  status: 502,
  code: 'x',
  message: '',
  mayHaveActed,
});

test.each([
  ['an upload that is not in the ledger', EDITED, [billed(2, 'f1')], /is not in the ledger/],
  ['other bytes', EDITED, [stored(1, 'f1', 'bb')], /has other bytes/],
  ['an edit that nobody made', EDITED, [stored(1, 'f1', 'aa')], /no edit is in the ledger/],
  ['two edits', EDITED, [stored(1, 'f1', 'aa'), billed(2, 'f1'), billed(3, 'f1')], /2 edits are billed/],
  [
    'an edit behind an error that invites a retry',
    refused(false),
    [stored(1, 'f1', 'aa'), billed(2, 'f1')],
    /invites a retry/,
  ],
  ['an edit of no request', { type: 'left' }, [billed(2, 'f9')], /is of no request/],
  ['an upload of no request', { type: 'left' }, [stored(1, 'f9', 'cc')], /is of no request/],
  ['silence', { type: 'hung' }, [], /never answered/],
  ['a broken connection', { type: 'broken', why: 'ECONNRESET' }, [], /ECONNRESET/],
] as const)('%s is a difference', (_, told, ledger, sentence) => {
  expect(differences([request(told)], [...ledger])).toContainEqual(expect.stringMatching(sentence));
});

test('an edit behind an error that says it may have acted is none', () => {
  expect(differences([request(refused(true))], [stored(1, 'f1', 'aa'), billed(2, 'f1')])).toEqual([]);
});
