import { expect, test } from 'vitest';
import { eventually, isAlive, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { EDITS } from './support/simulator-control.ts';

/** Code that runs in the gateway before its own, as a fault of it would. */
const within = (code: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
  // Not in the code, which stacks show.
  SECRET: 'hunter2',
});

const LIBRARY_ERROR = `Object.assign(new Error('boom', { cause: new Error('the first domino') }), {
  headers: { authorization: process.env.SECRET },
})`;

test.each([
  ['an exception that nobody catches', `throw ${LIBRARY_ERROR}`, 'uncaughtException'],
  ['a rejection that nobody awaits', `Promise.reject(${LIBRARY_ERROR})`, 'unhandledRejection'],
])('%s ends the gateway at once, with a fatal line that says why', async (_, fault, origin) => {
  await using ferry = await startFerry({ env: within(`process.on('SIGUSR2', () => { ${fault} })`) });
  await ferry.simulator.fault({ match: { path: EDITS }, fault: { kind: 'silence', readBody: true } });
  const running = post(ferry.url, form({ prompt: 'x', image: picture() })).catch(() => 'broken off');
  expect(await eventually(async () => (await ferry.simulator.requests(EDITS)).length === 1)).toBe(true);

  ferry.process.kill('SIGUSR2');
  expect(await ferry.process.exit()).toEqual({ code: 70, signal: null });
  expect(await running).toBe('broken off');
  const [line, ...more] = ferry.process.lines.filter(({ level }) => level === 'fatal');
  expect(more).toEqual([]);
  expect(line).toMatchObject({
    msg: 'Ferry ends: an error that nobody caught: boom',
    origin,
    running: 1,
    stack: expect.stringMatching(/^Error: boom\n.*caused by: Error: the first domino\n/s),
  });
  // A library's error may hold a request.
  expect(ferry.process.stdout + ferry.process.stderr).not.toContain('hunter2');
  expect(await eventually(() => !isAlive(ferry.simulatorPid))).toBe(true);
});
