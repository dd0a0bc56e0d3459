import { expect, test } from 'vitest';
import { eventually, leftovers, startFerry } from './support/ferry.ts';
import { form, largePng, picture, post } from './support/form.ts';
import { EDITS } from './support/simulator-control.ts';

test.each([
  { megabytes: 16, files: 0, where: 'in memory' },
  { megabytes: 0, files: 1, where: 'on the disk' },
])(
  'with $megabytes MiB for all images, one below 2 MiB lies $where while its request runs, and nowhere afterwards',
  async ({ megabytes, files }) => {
    await using ferry = await startFerry({ env: { FERRY_UPLOAD__SPOOL_MEMORY_MB: String(megabytes) } });
    await ferry.simulator.fault({ match: { path: EDITS }, fault: { kind: 'silence', readBody: true } });
    const image = picture(await largePng(600, 400), 'large.png');
    const caller = new AbortController();
    const gone = post(ferry.url, form({ prompt: 'x', image }), { signal: caller.signal }).catch(
      () => undefined,
    );
    expect(await eventually(async () => (await ferry.simulator.requests(EDITS)).length > 0)).toBe(true);
    expect(await leftovers(ferry)).toHaveLength(files);
    caller.abort();
    await gone;
    expect(await eventually(async () => (await leftovers(ferry)).length === 0)).toBe(true);
  },
);
