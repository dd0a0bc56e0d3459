import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Cell, RETRY_TABLE, type Ruling } from '@ferry/core';
import { expect, test } from 'vitest';
import { simulated } from './testing/simulated.ts';

const page = (name: string): Promise<string> =>
  readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const EXAMPLE = new URL('./example/openai-sdk.ts', import.meta.url);

const WORDS: Readonly<Record<Ruling, string>> = {
  done: 'done',
  retry: 'again, after a back-off',
  'retry-elsewhere': 'again on another connection, after a back-off',
  'retry-drained': 'again on another connection, at once the first time',
  'retry-once-elsewhere': 'once more, on another connection',
  'other-protocol': 'once more, at once, over HTTP/1.1',
  'other-credential': 'at once with another key, if there is one',
  'second-opinion': 'at once with one other key, if there is one',
  'wait-as-told': 'at the time named; a 429 at once with another key',
  'wait-with-jitter': 'at once with another key, else after a growing wait',
  'give-up': 'no',
};

const SWITCHES: Readonly<Record<NonNullable<Cell['onlyIf']>, string>> = {
  billableRetryStatusCodes: 'no, unless listed in `billableRetryStatusCodes`',
  billableRetryUnknown: 'no, unless `billableRetryUnknown`',
  trustRefusedStream: 'no, unless `trustRefusedStream`',
};

const cell = ({ ruling, onlyIf }: Cell): string => (onlyIf === undefined ? WORDS[ruling] : SWITCHES[onlyIf]);

test('the table of docs/delivery.md is the table that the engine runs', async () => {
  const rows = Object.values(RETRY_TABLE).map(({ what, repeatable, billable, acted, why }) =>
    [what, cell(repeatable), cell(billable), acted ? 'yes' : 'no', why].join(' | '),
  );
  const shown = (await page('delivery.md'))
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.replace(/ +/g, ' ').replace(/^\| | \|$/g, ''));
  expect(shown).toEqual(expect.arrayContaining(rows));
});

test('the example of docs/library.md is the one that runs', async () => {
  expect(await page('library.md')).toContain(`\`\`\`ts\n${await readFile(EXAMPLE, 'utf8')}\`\`\``);
});

test('the example uploads a file, also when its connection breaks in the middle', async () => {
  await using here = await simulated();
  const fault = { kind: 'destroy', how: 'rst', when: 'middle' } as const;
  here.upstream.faults.add({ match: { path: '/v1/files' }, fault });
  const env = {
    ...process.env,
    UPSTREAM_URL: `${here.upstream.url}/v1`,
    UPSTREAM_KEY: 'sk-test',
    UPSTREAM_CA: here.upstream.caPem,
  };
  const args = ['--conditions=@ferry/source', fileURLToPath(EXAMPLE)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 25_000 });
  expect(stdout).toMatch(/^file-[\w-]+\n$/);
});
