/** Every fault as a real client sees it, and as the ledger tells it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../ledger.ts';
import { createSimulator, type Simulator } from '../simulator.ts';
import {
  type Client,
  editOf,
  type H2Client,
  h1Client,
  h2Client,
  jsonOf,
  uploadOf,
} from '../testing/client.ts';
import { ROCKET_BYTES } from '../testing/samples.ts';
import type { Fault, FaultRule, H2Code } from './fault.ts';
import { h2CodeNumber } from './fault.ts';
import { SCENARIO_NAMES, SCENARIOS } from './scenario.ts';

let simulator: Simulator;
let h2: H2Client;
let h1: Client;
beforeEach(async () => {
  simulator = await createSimulator({
    onInternalError: (error) => {
      throw error;
    },
  });
  h2 = h2Client(simulator);
  h1 = h1Client(simulator);
});
afterEach(async () => {
  await h2.close();
  await h1.close();
  await simulator.close();
});

const UPLOAD = uploadOf(ROCKET_BYTES);
const LENGTH = UPLOAD.body?.byteLength ?? 0;

function next(fault: Fault, rule: Omit<FaultRule, 'fault'> = {}): void {
  simulator.faults.add({ ...rule, fault });
}

async function lastEntry(): Promise<LedgerEntry | undefined> {
  return (await simulator.ledger.settled()).at(-1);
}

describe('RST_STREAM', () => {
  const CODES: H2Code[] = [
    'NO_ERROR',
    'PROTOCOL_ERROR',
    'INTERNAL_ERROR',
    'REFUSED_STREAM',
    'CANCEL',
    'HTTP_1_1_REQUIRED',
  ];
  it.each(CODES)(
    'with %s before the headers: the client sees that code and no answer, the next request works',
    async (code) => {
      next({ kind: 'rst', code, when: 'before' });
      const seen = await h2.send(UPLOAD);
      expect(seen).toMatchObject({ status: undefined, whole: false, rstCode: h2CodeNumber(code) });
      expect(await lastEntry()).toMatchObject({
        outcome: 'faulted',
        bytesReceived: 0,
        fault: { ruleId: 'f1', kind: 'rst', effect: `RST_STREAM ${code}, before the body was read` },
      });
      expect((await h2.send(UPLOAD)).status).toBe(200);
      expect(simulator.connections().opened).toBe(1);
    },
  );

  it('in the middle: half of the upload has arrived and nothing was stored', async () => {
    next({ kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' });
    expect(await h2.send(UPLOAD)).toMatchObject({ status: undefined, rstCode: 1 });
    const entry = await lastEntry();
    expect(entry).toMatchObject({ outcome: 'faulted', bodyWhole: false });
    expect(entry?.bytesReceived).toBeGreaterThanOrEqual(LENGTH / 2);
    expect(entry?.bytesReceived).toBeLessThan(LENGTH);
    expect(entry?.work).toBeUndefined();
  });

  it('in the middle, after as many bytes as asked for', async () => {
    next({ kind: 'rst', code: 'INTERNAL_ERROR', when: 'middle', afterBytes: 1_000_000 });
    await h2.send(uploadOf(Buffer.alloc(4_000_000)));
    const { bytesReceived = 0 } = (await lastEntry()) ?? {};
    expect(bytesReceived).toBeGreaterThanOrEqual(1_000_000);
    expect(bytesReceived).toBeLessThan(1_100_000);
  });

  it('in the middle of a body that is shorter than that: at its end', async () => {
    next({ kind: 'rst', code: 'INTERNAL_ERROR', when: 'middle', afterBytes: 1_000_000 });
    expect(await h2.send({ path: '/v1/models' })).toMatchObject({ status: undefined, rstCode: 2 });
  });

  it('after the body: the work was done, the answer is withheld, and the ledger proves it', async () => {
    next({ kind: 'rst', code: 'PROTOCOL_ERROR', when: 'after-body' });
    expect(await h2.send(UPLOAD)).toMatchObject({ status: undefined, rstCode: 1 });
    const entry = await lastEntry();
    expect(entry).toMatchObject({ outcome: 'faulted', bodyWhole: true, bytesReceived: LENGTH });
    const { id } = entry?.work?.file ?? { id: '' };
    expect((await h2.send({ path: `/v1/files/${id}` })).status).toBe(200);
  });

  it.each(['NO_ERROR', 'INTERNAL_ERROR', 'CANCEL'] as const)(
    'with %s after the headers: status 200 and half an answer',
    async (code) => {
      next({ kind: 'rst', code, when: 'after-headers' });
      const seen = await h2.send({ path: '/v1/models' });
      expect(seen).toMatchObject({ status: 200, whole: false, rstCode: h2CodeNumber(code) });
      expect(seen.body.byteLength).toBe(Math.floor(Number(seen.headers['content-length']) / 2));
    },
  );

  it('after the headers alone: status 200 and nothing', async () => {
    next({ kind: 'rst', code: 'NO_ERROR', when: 'after-headers', afterBytes: 0 });
    const seen = await h2.send({ path: '/v1/models' });
    expect(seen).toMatchObject({ status: 200, whole: false });
    expect(seen.body.byteLength).toBe(0);
  });

  it('over HTTP/1.1 becomes a broken connection, and the ledger says so', async () => {
    next({ kind: 'rst', code: 'PROTOCOL_ERROR', when: 'before' });
    expect((await h1.send({ path: '/v1/models' })).error).toBe('ECONNRESET');
    expect((await lastEntry())?.fault?.effect).toContain('TCP RST in place of RST_STREAM PROTOCOL_ERROR');
    expect((await h1.send({ path: '/v1/models' })).status).toBe(200);
  });

  it('leaves the other streams of the connection alone', async () => {
    next({ kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' }, { skip: 1 });
    const seen = await Promise.all([UPLOAD, UPLOAD, UPLOAD].map((one) => h2.send(one)));
    expect(seen.map(({ status }) => status)).toEqual([200, undefined, 200]);
  });
});

describe('GOAWAY', () => {
  it('with NO_ERROR lets the running request finish', async () => {
    next({ kind: 'goaway', code: 'NO_ERROR', when: 'before' });
    expect((await h2.send(UPLOAD)).status).toBe(200);
    expect(h2.goaways[0]).toEqual({ code: 0, lastStreamId: 1 });
    expect(await lastEntry()).toMatchObject({
      outcome: 'answered',
      fault: { effect: expect.stringContaining('last stream 1') },
    });
    // The connection is closed by the server once nothing runs on it any more.
    await new Promise<void>((resolve) =>
      h2.session.destroyed ? resolve() : h2.session.once('close', resolve),
    );
  });

  it('that refuses names a last stream below the request, which is not processed', async () => {
    next({ kind: 'goaway', code: 'NO_ERROR', when: 'before', refuse: true }, { skip: 1 });
    expect((await h2.send(UPLOAD)).status).toBe(200);
    expect(await h2.send(UPLOAD)).toMatchObject({
      status: undefined,
      rstCode: h2CodeNumber('REFUSED_STREAM'),
    });
    expect(h2.goaways[0]).toEqual({ code: 0, lastStreamId: 1 });
    expect(await lastEntry()).toMatchObject({ outcome: 'faulted', bytesReceived: 0 });
  });

  it('that refuses the first stream adds REFUSED_STREAM, since no last stream lies below', async () => {
    next({ kind: 'goaway', code: 'NO_ERROR', when: 'before', refuse: true });
    expect(await h2.send(UPLOAD)).toMatchObject({
      status: undefined,
      rstCode: h2CodeNumber('REFUSED_STREAM'),
    });
    expect(h2.goaways).not.toHaveLength(0);
    expect((await lastEntry())?.fault?.effect).toContain('REFUSED_STREAM on stream 1');
  });

  it.each(['before', 'middle', 'after-body'] as const)(
    'with ENHANCE_YOUR_CALM %s ends request and connection',
    async (when) => {
      next({ kind: 'goaway', code: 'ENHANCE_YOUR_CALM', when });
      const seen = await h2.send(UPLOAD);
      expect(seen.whole).toBe(false);
      expect(h2.goaways[0]).toEqual({ code: 11, lastStreamId: 1 });
      expect((await lastEntry())?.outcome).toBe('faulted');
      expect(h2.session.destroyed).toBe(true);
    },
  );

  it('over HTTP/1.1 becomes a FIN', async () => {
    next({ kind: 'goaway', code: 'NO_ERROR', when: 'before' });
    expect((await h1.send({ path: '/v1/models' })).error).toBe('ECONNRESET');
    expect((await lastEntry())?.fault?.effect).toContain('FIN in place of GOAWAY');
  });
});

describe('a broken connection', () => {
  it.each([
    ['rst', 'before'],
    ['rst', 'middle'],
    ['rst', 'after-body'],
    ['rst', 'after-headers'],
    ['fin', 'before'],
    ['fin', 'middle'],
    ['fin', 'after-body'],
    ['fin', 'after-headers'],
  ] as const)('by %s %s: no client gets a whole answer, a new connection works', async (how, when) => {
    for (const client of [h2, h1]) {
      next({ kind: 'destroy', how, when });
      expect((await client.send(UPLOAD)).whole).toBe(false);
      const entry = await lastEntry();
      expect(entry).toMatchObject({ outcome: 'faulted', fault: { kind: 'destroy' } });
      expect(entry?.fault?.effect).toContain(how === 'rst' ? 'TCP RST' : 'FIN');
      expect(entry?.work !== undefined).toBe(when === 'after-body' || when === 'after-headers');
      expect((await h1.send(UPLOAD)).status).toBe(200);
    }
  });
});

describe('silence', () => {
  it.each([true, false])(
    'after the headers, body read %j: no answer until the client gives up',
    async (readBody) => {
      next({ kind: 'silence', readBody });
      const sending = h2.send(UPLOAD);
      await simulator.ledger.waitUntil(([entry]) => entry?.fault !== undefined);
      // The connection still works for others: silence is the stream's.
      expect((await h2.send({ path: '/v1/models' })).status).toBe(200);
      await h2.close();
      expect((await sending).status).toBeUndefined();
      const [entry] = await simulator.ledger.settled();
      expect(entry).toMatchObject({
        outcome: 'faulted',
        bodyWhole: readBody,
        bytesReceived: readBody ? LENGTH : 0,
      });
    },
  );

  it('ends when the simulator does', async () => {
    next({ kind: 'silence', readBody: true });
    const sending = h1.send(UPLOAD);
    await simulator.ledger.waitUntil(([entry]) => entry?.fault !== undefined);
    await simulator.close();
    expect((await sending).error).toBe('ECONNRESET');
  });
});

describe('another status', () => {
  it('after the body, with headers and a body of its own; nothing is done', async () => {
    for (const client of [h2, h1]) {
      next({
        kind: 'status',
        status: 429,
        headers: { 'retry-after': '7' },
        body: '{"code":"slow"}',
        when: 'after-body',
      });
      const seen = await client.send(UPLOAD);
      expect(seen).toMatchObject({
        status: 429,
        whole: true,
        headers: { 'retry-after': '7', 'content-type': 'application/json' },
      });
      expect(jsonOf(seen)).toEqual({ code: 'slow' });
      const entry = await lastEntry();
      expect(entry).toMatchObject({
        outcome: 'answered',
        status: 429,
        bodyWhole: true,
        fault: { kind: 'status' },
      });
      expect(entry?.work).toBeUndefined();
    }
  });

  it('can be the HTML page of a proxy', async () => {
    next({ kind: 'status', status: 502, body: '<html>Bad Gateway</html>', when: 'after-body' });
    expect((await h2.send(UPLOAD)).headers['content-type']).toContain('text/html');
  });

  it('early: it comes while the upload runs, and the connection serves the next request', async () => {
    for (const client of [h2, h1]) {
      next({ kind: 'status', status: 413, when: 'early' });
      expect((await client.send(uploadOf(Buffer.alloc(3_000_000)))).status).toBe(413);
      expect((await client.send(UPLOAD)).status).toBe(200);
    }
    expect(simulator.connections().opened).toBe(2);
  });

  it('early, then RST NO_ERROR: the rest of the upload is not taken', async () => {
    next({ kind: 'status', status: 413, when: 'early', thenReset: true });
    const seen = await h2.send(uploadOf(Buffer.alloc(8_000_000)));
    expect(seen).toMatchObject({ status: 413, rstCode: 0 });
    expect(jsonOf(seen)).toMatchObject({ code: 'simulated_413' });
    expect((await lastEntry())?.bytesReceived).toBe(0);
    expect((await h2.send(UPLOAD)).status).toBe(200);
  });
});

describe('time', () => {
  it('delay: the answer comes later, and whole', async () => {
    next({ kind: 'delay', ms: 30 });
    expect((await h2.send(UPLOAD)).whole).toBe(true);
    expect(await lastEntry()).toMatchObject({
      outcome: 'answered',
      fault: { effect: 'answer held back for 30 ms' },
    });
  });

  it('delay ends at once when the client leaves', async () => {
    next({ kind: 'delay', ms: 600_000 });
    const sending = h2.send(UPLOAD);
    await simulator.ledger.waitUntil(([entry]) => entry?.fault !== undefined);
    await h2.close();
    await sending;
    expect((await lastEntry())?.outcome).toBe('aborted');
  });

  it('slow reading: the upload takes its time and arrives', async () => {
    next({ kind: 'slow-read', bytesPerSecond: 5_000_000 });
    for (const client of [h2, h1]) expect((await client.send(UPLOAD)).status).toBe(200);
  });

  it('a stalled window: no more than a window is taken, whatever the client sends', async () => {
    next({ kind: 'stall', afterBytes: 1 });
    const sending = h2.send(uploadOf(Buffer.alloc(8_000_000)));
    await simulator.ledger.waitUntil(([entry]) => entry?.fault !== undefined);
    // Others on the connection go on: only this stream's window is shut.
    expect((await h2.send(UPLOAD)).status).toBe(200);
    await h2.close();
    await sending;
    const [entry] = await simulator.ledger.settled();
    expect(entry).toMatchObject({ outcome: 'aborted', bodyWhole: false });
    expect(entry?.bytesReceived).toBeLessThan(1024 * 1024);
  });
});

describe('which requests a fault strikes', () => {
  const status = (code: number): Fault => ({ kind: 'status', status: code, when: 'after-body' });
  const models = async (count: number, client: Client = h2): Promise<(number | undefined)[]> => {
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i < count; i++) statuses.push((await client.send({ path: '/v1/models' })).status);
    return statuses;
  };

  it('one by default, then none', async () => {
    next(status(500));
    expect(await models(3)).toEqual([500, 200, 200]);
    expect(simulator.faults.list()).toEqual([]);
  });

  it('after those to skip, as many as counted', async () => {
    next(status(500), { skip: 1, count: 2 });
    expect(await models(5)).toEqual([200, 500, 500, 200, 200]);
  });

  it('the first of every three', async () => {
    next(status(500), { every: 3, count: 'forever' });
    expect(await models(7)).toEqual([500, 200, 200, 500, 200, 200, 500]);
  });

  it('each third', async () => {
    next(status(500), { skip: 2, every: 3, count: 'forever' });
    expect(await models(7)).toEqual([200, 200, 500, 200, 200, 500, 200]);
  });

  it('for ever, until it is removed', async () => {
    const id = simulator.faults.add({ count: 'forever', fault: status(503) });
    expect(await models(3)).toEqual([503, 503, 503]);
    expect(simulator.faults.list()).toMatchObject([{ id, seen: 3, struck: 3 }]);
    expect(simulator.faults.remove(id)).toBe(true);
    expect(await models(1)).toEqual([200]);
  });

  it('of one method and path', async () => {
    next(status(500), { match: { method: 'post', path: '/v1/files' }, count: 'forever' });
    expect(await models(1)).toEqual([200]);
    expect((await h2.send(UPLOAD)).status).toBe(500);
    expect((await h2.send(editOf({ image: { file_id: 'none' } }))).status).toBe(404);
  });

  it('of one protocol', async () => {
    next(status(500), { match: { protocol: 'h2' }, count: 'forever' });
    expect(await models(1, h1)).toEqual([200]);
    expect(await models(1)).toEqual([500]);
  });

  it('only on a connection that was used before', async () => {
    next(status(500), { match: { reused: true }, count: 'forever' });
    expect(await models(3)).toEqual([200, 500, 500]);
    const fresh = h2Client(simulator);
    expect(await models(1, fresh)).toEqual([200]);
    await fresh.close();
  });

  it('in the order in which they were asked for, one at a time', async () => {
    next(status(500));
    next(status(503));
    expect(await models(3)).toEqual([500, 503, 200]);
  });
});

describe('scenarios', () => {
  it('stale-reuse: the second upload of a connection dies with PROTOCOL_ERROR, a new connection works', async () => {
    for (const rule of SCENARIOS['stale-reuse'].rules) simulator.faults.add(rule);
    expect((await h2.send(UPLOAD)).status).toBe(200);
    expect((await h2.send(UPLOAD)).rstCode).toBe(1);
    expect((await h2.send(UPLOAD)).rstCode).toBe(1);
    const fresh = h2Client(simulator);
    expect((await fresh.send(UPLOAD)).status).toBe(200);
    await fresh.close();
  });

  it('edit-lost: the edit was made and its answer never came', async () => {
    const { id } = jsonOf(await h2.send(UPLOAD)) as { id: string };
    for (const rule of SCENARIOS['edit-lost'].rules) simulator.faults.add(rule);
    expect((await h2.send(editOf({ image: { file_id: id }, prompt: 'mirror' }))).status).toBeUndefined();
    expect((await lastEntry())?.work).toEqual({ images: 1, sources: [id] });
  });

  it('flaky-uploads: each third upload fails, and all others arrive', async () => {
    for (const rule of SCENARIOS['flaky-uploads'].rules) simulator.faults.add(rule);
    const arrived: boolean[] = [];
    for (let i = 0; i < 12; i++) {
      const client = h2Client(simulator);
      arrived.push((await client.send(UPLOAD)).status === 200);
      await client.close();
    }
    expect(arrived.map((one) => (one ? '.' : 'x')).join('')).toBe('..x..x..x..x');
  });

  it.each(SCENARIO_NAMES)('%s says what it imitates and is made of rules', (name) => {
    expect(SCENARIOS[name].about.length).toBeGreaterThan(20);
    expect(SCENARIOS[name].rules.length).toBeGreaterThan(0);
  });
});
