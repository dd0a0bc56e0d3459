import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Child } from './child.ts';
import { reportsIn, reportsTo } from './diagnostic-report.ts';

test('a process that died is told of with how and when, its last lines, and what Node reports', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-chaos-child-'));
  await using closing = new AsyncDisposableStack();
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const script = "console.log('well so far'); function storm() { throw new Error('boom'); } storm();";
  const child = new Child({ args: [...reportsTo(folder), '-e', script], cwd: folder, env: {} });
  await expect(child.line(() => undefined, 20_000)).rejects.toThrow('ended before it was ready');
  const told = [...child.lastWords, ...reportsIn(folder)].join('\n');
  expect(told).toMatch(/^it ended with 1 at \d{4}-\d\d-\d\dT/);
  expect(told).toMatch(/standard error:.*Error: boom.*standard output:\nwell so far\n/s);
  expect(told).toMatch(/Node reports: Exception at .*Error: boom\nat storm /s);
});

test('a process that somebody killed is told of with the signal', async () => {
  const child = new Child({
    args: ['-e', "console.log('up'); setInterval(() => {}, 1e6)"],
    cwd: '/',
    env: {},
  });
  await child.line((line) => (line === 'up' ? line : undefined), 20_000);
  await child.stop('SIGKILL');
  expect(child.lastWords[0]).toMatch(/^it ended with SIGKILL at /);
});
