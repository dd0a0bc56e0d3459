import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulator, type Simulator } from '../simulator.ts';
import { type Client, h2Client } from '../testing/client.ts';

let simulator: Simulator;
let client: Client;
let control: string;
beforeEach(async () => {
  simulator = await createSimulator({ controlPort: 0 });
  client = h2Client(simulator);
  control = simulator.controlUrl ?? '';
});
afterEach(async () => {
  await client.close();
  await simulator.close();
});

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const answer = await fetch(`${control}${path}`, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, json: await answer.json() };
}

const models = async (): Promise<number | undefined> => (await client.send({ path: '/v1/models' })).status;
const OUTAGE = { count: 'forever', fault: { kind: 'status', status: 503, when: 'after-body' } };

describe('the control interface', () => {
  it('says that it is well, and what is open', async () => {
    await models();
    expect(await call('GET', '/health')).toEqual({
      status: 200,
      json: { status: 'ok', connections: { opened: 1, open: 1 }, faults: 0 },
    });
  });

  it('takes a fault, lists it, and removes it by its id', async () => {
    expect((await call('POST', '/faults', OUTAGE)).json).toEqual({ ids: ['f1'] });
    expect(await models()).toBe(503);
    expect((await call('GET', '/faults')).json).toEqual({
      faults: [{ id: 'f1', rule: OUTAGE, seen: 1, struck: 1 }],
    });
    expect((await call('DELETE', '/faults/f1')).status).toBe(200);
    expect((await call('DELETE', '/faults/f1')).status).toBe(404);
    expect(await models()).toBe(200);
  });

  it('takes none from a page, of whatever site', async () => {
    const posted = await fetch(`${control}/faults`, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-type': 'text/plain' },
      body: JSON.stringify(OUTAGE),
    });
    expect(posted.status).toBe(403);
    expect((await call('GET', '/faults')).json).toEqual({ faults: [] });
  });

  it('takes several faults, and a scenario by its name, and removes all', async () => {
    expect((await call('POST', '/faults', [OUTAGE, OUTAGE])).json).toEqual({ ids: ['f1', 'f2'] });
    expect((await call('POST', '/faults', { scenario: 'stale-reuse' })).json).toEqual({ ids: ['f3'] });
    await call('DELETE', '/faults');
    expect((await call('GET', '/faults')).json).toEqual({ faults: [] });
    expect(await models()).toBe(200);
  });

  it('shows the scenarios with what they imitate', async () => {
    expect((await call('GET', '/scenarios')).json).toMatchObject({
      scenarios: {
        'stale-reuse': { about: expect.stringContaining('curl (92)'), rules: [{ count: 'forever' }] },
      },
    });
  });

  it('gives the ledger, filtered, and clears it', async () => {
    await models();
    await client.send({ path: '/nowhere' });
    await simulator.ledger.settled();
    const paths = async (query: string): Promise<unknown> =>
      ((await call('GET', `/ledger${query}`)).json as { entries: { path: string }[] }).entries.map(
        ({ path }) => path,
      );
    expect(await paths('')).toEqual(['/v1/models', '/nowhere']);
    expect(await paths('?path=/v1/')).toEqual(['/v1/models']);
    expect(await paths('?after=1')).toEqual(['/nowhere']);
    expect(await paths('?method=post')).toEqual([]);
    expect(await paths('?outcome=answered&connectionId=c1')).toHaveLength(2);
    await call('DELETE', '/ledger');
    expect(await paths('')).toEqual([]);
  });

  it.each([
    ['an unknown kind', { fault: { kind: 'flood' } }, 'fault.kind'],
    ['an unknown code', { fault: { kind: 'rst', code: 'OOPS', when: 'before' } }, 'fault.code'],
    ['a missing moment', { fault: { kind: 'rst', code: 'CANCEL' } }, 'fault.when'],
    ['a misspelt field', { matches: {}, fault: { kind: 'delay', ms: 1 } }, 'matches'],
    ['a negative count', { count: -1, fault: { kind: 'delay', ms: 1 } }, 'count'],
    [
      'the second of two',
      [{ fault: { kind: 'delay', ms: 1 } }, { fault: { kind: 'delay' } }],
      '[1].fault.ms',
    ],
    ['no JSON', '{', 'not JSON'],
    ['an unknown scenario', { scenario: 'doom' }, 'stale-reuse'],
  ])('refuses %s and names it', async (_name, body, named) => {
    const { status, json } = await call('POST', '/faults', body);
    expect(status).toBe(400);
    expect((json as { error: string }).error).toContain(named);
    expect(simulator.faults.list()).toEqual([]);
  });

  it('refuses a wrong filter and an unknown path', async () => {
    expect((await call('GET', '/ledger?outcome=lost')).status).toBe(400);
    expect((await call('GET', '/ledger?colour=red')).status).toBe(400);
    expect((await call('POST', '/ledger')).status).toBe(404);
    expect((await call('GET', '/')).status).toBe(404);
  });

  it('refuses a request that came by another name than loopback', async () => {
    const status = await new Promise((resolve, reject) => {
      request(`${control}/health`, { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });
});
