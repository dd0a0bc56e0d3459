import { expect, test } from 'vitest';
import type { Results } from './results/results.ts';
import { runSteps } from './run.ts';
import type { Step } from './steps.ts';
import { someMeasurement } from './testing/results.ts';

const plan = { mode: 'quick', parts: ['fire'] } as const;
const measured = someMeasurement('got', [1]);

function step(name: string, run: Step['run']): Step {
  return { part: 'fire', name, seconds: 10, run };
}

test('a step that fails, and a client that fails within one, are named, and nothing that was measured is lost', async () => {
  const said: string[] = [];
  const saved: Results[] = [];
  const steps = [
    step('a server that dies', () => Promise.reject(new Error('the server ended (1)'))),
    step('two clients', async (failed) => {
      failed('two clients: axios, round 1', new Error('axios ended (SIGKILL)'));
      return { measurements: [measured] };
    }),
  ];
  const results = await runSteps(plan, steps, {
    say: (line) => said.push(line),
    save: async (soFar) => void saved.push(soFar),
  });
  expect(results.measurements).toEqual([measured]);
  expect(results.failures).toEqual([
    { part: 'fire', what: 'a server that dies', message: 'the server ended (1)' },
    { part: 'fire', what: 'two clients: axios, round 1', message: 'axios ended (SIGKILL)' },
  ]);
  expect(said).toEqual([
    'fire: a server that dies; about 20 s left',
    'FAILED: fire: a server that dies: the server ended (1)',
    expect.stringMatching(/^fire: two clients; about \d+ s left$/),
    'FAILED: fire: two clients: axios, round 1: axios ended (SIGKILL)',
  ]);
});

test('what is saved on the way names what has not been measured yet', async () => {
  const saved: Results[] = [];
  const steps = ['first', 'second'].map((name) => step(name, async () => ({ measurements: [measured] })));
  await runSteps(plan, steps, { say: () => undefined, save: async (soFar) => void saved.push(soFar) });
  expect(saved.map(({ failures }) => failures.map(({ what, message }) => `${what}: ${message}`))).toEqual([
    ['second: the run ended before'],
    [],
  ]);
});
