import { createLoopbackCertificate } from '@ferry/upstream-sim/peers';
import { expect, test } from 'vitest';
import { crawl } from './crawl.ts';

test('a transport that collects its body before it sends it is found out', async () => {
  const module = new URL('../testing/naive-subject.ts', import.meta.url).href;
  const certificate = await createLoopbackCertificate();
  const group = { claims: { protocol: 'http/1.1', module }, certificate: () => certificate } as const;
  const { findings } = await crawl(group, 'FRESH');
  expect(findings).toEqual([expect.stringMatching(/^it held \d+\.\d MB for a road that takes nothing$/)]);
}, 90_000);
