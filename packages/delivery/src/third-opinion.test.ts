import { fromText, type RequestFailure, UploadService } from '@ferry/core';
import { Chance } from '@ferry/core/testing';
import { xai } from '@ferry/providers';
import type { Fault } from '@ferry/upstream-sim';
import { expect, test } from 'vitest';
import { type Simulated, simulated } from './testing/simulated.ts';

const FILE = { bytes: new Uint8Array(20_000).fill(7), filename: 'photo.png', contentType: 'image/png' };
const UPLOADS = { method: 'POST', path: '/v1/files' };
const RESET: Fault = { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' };

/** Uploads, each on a connection of its own, and says how many attempts it took or why it was given up. */
function uploader({ client, upstream }: Simulated) {
  const baseUrl = `${upstream.url}/v1`;
  const uploads = new UploadService({ client, endpoint: xai({ baseUrl }).uploadEndpoint() });
  return async (): Promise<{ attempts: number; failure?: string }> => {
    try {
      return { attempts: (await uploads.upload(FILE, 'sk-test')).attempts.length };
    } catch (error) {
      const { attempts, message } = error as RequestFailure;
      return { attempts: attempts.length, failure: message };
    }
  };
}

test('an upload whose stream is reset twice arrives where another one was reset and taken after all', async () => {
  await using here = await simulated();
  const upload = uploader(here);
  const resets = (count: number) => here.upstream.faults.add({ match: UPLOADS, count, fault: RESET });
  resets(1);
  expect(await upload()).toEqual({ attempts: 2 });
  resets(2);
  expect(await upload()).toEqual({ attempts: 3 });
});

test('a request that is always reset is given up after two attempts, and after three where good ones are reset too', async () => {
  await using here = await simulated();
  const upload = uploader(here);
  const always = { match: UPLOADS, count: 'forever', fault: RESET } as const;
  here.upstream.faults.add(always);
  const failure = expect.stringContaining('new connections in a row failed in the same way');
  for (let again = 0; again < 3; again += 1) expect(await upload()).toEqual({ attempts: 2, failure });
  here.upstream.faults.clear();
  here.upstream.faults.add({ match: UPLOADS, fault: RESET });
  expect(await upload()).toEqual({ attempts: 2 });
  here.upstream.faults.add(always);
  for (let again = 0; again < 3; again += 1) expect(await upload()).toEqual({ attempts: 3, failure });
});

test('two hundred uploads arrive though one stream of twenty is reset at random', async () => {
  await using here = await simulated();
  const upload = uploader(here);
  // Draws two uploads that are reset twice, after some that are reset once.
  const chance = new Chance(45);
  const lost: string[] = [];
  const took: number[] = [];
  for (let number = 0; number < 200; number += 1) {
    let resets = 0;
    while (chance.happens(0.05)) resets += 1;
    if (resets > 0) here.upstream.faults.add({ match: UPLOADS, count: resets, fault: RESET });
    const { attempts, failure } = await upload();
    took.push(attempts);
    if (failure !== undefined) lost.push(`upload ${number}: ${failure}`);
    here.upstream.faults.clear();
  }
  expect(lost).toEqual([]);
  expect(Math.max(...took)).toBe(3);
});

test('an edit is sent once, whatever the upstream did to uploads', async () => {
  await using here = await simulated();
  const upload = uploader(here);
  here.upstream.faults.add({ match: UPLOADS, fault: RESET });
  expect(await upload()).toEqual({ attempts: 2 });
  here.upstream.faults.add({
    match: { path: '/v1/images/edits' },
    count: 'forever',
    fault: { ...RESET, when: 'before' },
  });
  const edit = here.client.request({
    method: 'POST',
    url: new URL('/v1/images/edits', here.upstream.url),
    headers: { 'content-type': 'application/json' },
    body: fromText('{}'),
    safety: 'billable',
    label: 'edit',
  });
  await expect(edit).rejects.toMatchObject({ code: 'upstream_unknown_outcome', outcomeUnknown: true });
  await here.upstream.ledger.settled();
  expect(here.upstream.ledger.entries({ path: '/v1/images/edits' })).toHaveLength(1);
});
