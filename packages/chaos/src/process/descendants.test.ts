import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { descendantsOf, stillThere } from './descendants.ts';

test('what a process has started is seen, and told of by name until it has ended', async () => {
  const shell = spawn('/bin/sh', ['-c', 'sleep 60 & wait'], { stdio: 'ignore' });
  const children = () => descendantsOf(process.pid).filter(({ parent }) => parent === shell.pid);
  // Until then the child is a copy of the shell.
  await vi.waitFor(() => expect(children().map(({ name }) => name)).toEqual(['sleep']));
  const started = children();
  expect(stillThere(started)).toEqual([`process ${started[0]?.pid} (sleep) is left`]);
  for (const { pid } of started) process.kill(pid);
  await once(shell, 'exit');
  expect(stillThere(started)).toEqual([]);
});
