import { describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';

const request = {
  method: 'GET',
  path: '/v1/models',
  protocol: 'h2',
  connectionId: 'c1',
  connectionUse: 1,
} as const;

describe('the ledger', () => {
  it('remembers the newest entries and goes on counting', () => {
    const ledger = new Ledger(3);
    for (let i = 0; i < 5; i++) ledger.open(request);
    expect(ledger.entries().map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
    ledger.clear();
    ledger.open(request);
    expect(ledger.entries().map(({ sequence }) => sequence)).toEqual([6]);
  });

  it('measures how long a request took', () => {
    let now = 1000;
    const ledger = new Ledger(10, () => now);
    const record = ledger.open(request);
    expect(ledger.entries()[0]).toMatchObject({ at: 1000, outcome: 'open' });
    now = 1250;
    record.update({ outcome: 'answered', status: 200 });
    expect(ledger.entries()[0]).toMatchObject({ at: 1000, durationMs: 250, status: 200 });
  });

  it('tells when the end of a body came', () => {
    let now = 1000;
    const ledger = new Ledger(10, () => now);
    const record = ledger.open(request);
    now = 1100;
    record.bodyIsWhole();
    now = 1250;
    record.update({ outcome: 'answered' });
    expect(ledger.entries()[0]).toMatchObject({ bodyWhole: true, bodyWholeAt: 1100, durationMs: 250 });
  });

  it('gives copies, so that what a test holds does not change', () => {
    const ledger = new Ledger();
    const record = ledger.open(request);
    const [before] = ledger.entries();
    record.update({ outcome: 'answered' });
    expect(before?.outcome).toBe('open');
  });

  it('wakes who waits for a request, and for its end', async () => {
    const ledger = new Ledger();
    const arrived = ledger.waitUntil((entries) => entries.length === 1);
    const record = ledger.open(request);
    expect(await arrived).toHaveLength(1);
    const settled = ledger.settled();
    record.update({ outcome: 'aborted' });
    expect((await settled)[0]?.outcome).toBe('aborted');
  });

  it('lets one who waits give up', async () => {
    const ledger = new Ledger();
    const patience = new AbortController();
    const waiting = ledger.waitUntil((entries) => entries.length === 1, patience.signal);
    patience.abort(new Error('no more patience'));
    await expect(waiting).rejects.toThrow('no more patience');
  });
});
