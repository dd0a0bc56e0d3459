import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { adopt, type Child, messageFrom, stopChild } from './child.ts';

const MINUTE = 60_000;

function child(script: string): Child {
  return adopt(
    spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: {} }),
  );
}

test('a client that dies is named, with how it ended and why', async () => {
  const dying = child("throw new Error('expected 5 bytes, got 4')");
  const answer = messageFrom(dying, 'got', MINUTE, String);
  await expect(answer).rejects.toThrow(
    'got ended (1) before it had a result: Error: expected 5 bytes, got 4',
  );
});

test('a client that was killed is named by the signal', async () => {
  const killed = child("process.kill(process.pid, 'SIGKILL')");
  await expect(messageFrom(killed, 'axios', MINUTE, String)).rejects.toThrow(
    'axios ended (SIGKILL) before it had a result',
  );
});

test('a client that does not answer is not waited for, and is gone afterwards', async () => {
  const silent = child('setInterval(() => {}, 1000)');
  await expect(messageFrom(silent, 'fetch', 10, String)).rejects.toThrow('fetch had no result after 0 s');
  const gone = once(silent.process, 'exit');
  await stopChild(silent, () => silent.process.kill('SIGKILL'));
  expect(await gone).toEqual([null, 'SIGKILL']);
  await stopChild(silent, () => {
    throw new Error('it is gone already');
  });
});

test('messages that are not the result are passed over', async () => {
  const talking = child("process.send('measuring'); process.send('done')");
  const result = await messageFrom(talking, 'the client', MINUTE, (said) =>
    said === 'done' ? said : undefined,
  );
  expect(result).toBe('done');
  await stopChild(talking, () => talking.process.kill('SIGKILL'));
});
