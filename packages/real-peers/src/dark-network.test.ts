import { describe, expect, test } from 'vitest';
import { hasNetworkNamespaces, runIsolated } from './support/network-namespace.ts';

const CHILD = new URL('./support/dark-network-child.ts', import.meta.url);

describe.runIf(hasNetworkNamespaces())('in a network of its own', { timeout: 60_000 }, () => {
  test('an idle HTTP/1.1 connection that the network has dropped without a word is gone before the next upload', async () => {
    expect(await runIsolated(CHILD)).toEqual([
      '200 on a fresh connection',
      '200 on a reused connection',
      'dark',
      'retired: socket',
      'light',
      '200 on a fresh connection',
      'retired: transport-closed',
    ]);
  });
});
