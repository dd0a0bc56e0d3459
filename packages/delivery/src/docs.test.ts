import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Cell, RETRY_TABLE, type Ruling } from '@ferry/core';
import { createSimulator, type Fault, type SimulatorOptions } from '@ferry/upstream-sim';
import { expect, test } from 'vitest';

const page = (name: string): Promise<string> =>
  readFile(new URL(`../../../${name}`, import.meta.url), 'utf8');
const example = (name: string): URL => new URL(`./example/${name}`, import.meta.url);
const PHOTO = fileURLToPath(new URL('../../../docs/images/img2img.png', import.meta.url));

/** It takes two seconds on a quiet machine, most of them to load TypeScript. Milliseconds. */
const HUNG_AFTER_MS = 60_000;

const BREAKS = { kind: 'destroy', how: 'rst', when: 'middle' } as const;

/** A program of the docs, and what it prints against the simulated upstream. */
interface Example {
  readonly name: string;
  /** The page that shows it. */
  readonly page: string;
  /** What the first upload meets. */
  readonly fault?: Fault;
  readonly upstream?: SimulatorOptions;
  readonly prints: RegExp;
}

const EXAMPLES: readonly Example[] = [
  { name: 'openai-sdk.ts', page: 'docs/library.md', fault: BREAKS, prints: /^file-[\w-]+\n$/ },
  {
    name: 'upload.ts',
    page: 'packages/core/README.md',
    fault: BREAKS,
    prints: /^again in [\d.]+ ms\nfile-[\w-]+ after 2 attempts\n$/,
  },
  {
    name: 'edit.ts',
    page: 'packages/providers/README.md',
    fault: BREAKS,
    prints: /^https:\S+\n$/,
  },
  {
    name: 'fallback.ts',
    page: 'docs/transports.md',
    upstream: { protocols: 'http1' },
    prints: new RegExp(
      [
        '^127.0.0.1: http1, http1-required',
        '1: http/1.1 after 2 attempts',
        '2: http/1.1 after 1 attempts',
        '127.0.0.1: h2, undefined\n$',
      ].join('\n'),
    ),
  },
  {
    name: 'undici.ts',
    page: 'packages/transport-undici/README.md',
    prints: /^opened \S+\n.*"id":"file-.*\n200 over h2, fresh, \d+ bytes\nretired \S+\nclosed \S+\n$/,
  },
  {
    name: 'http1.ts',
    page: 'packages/transport-http1/README.md',
    prints: /^.*"id":"file-.*\n200 over http\/1\.1, fresh, \{.*"headers":.*\}\n$/,
  },
];

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
  const shown = (await page('docs/delivery.md'))
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.replace(/ +/g, ' ').replace(/^\| | \|$/g, ''));
  expect(shown).toEqual(expect.arrayContaining(rows));
});

test.each(EXAMPLES)('$name is the example of $page', async ({ name, page: where }) => {
  expect(await page(where)).toContain(`\`\`\`ts\n${await readFile(example(name), 'utf8')}\`\`\``);
});

test.each(EXAMPLES)(
  '$name runs, whatever its upload meets',
  async ({ name, fault, upstream, prints }) => {
    const simulator = await createSimulator(upstream);
    try {
      if (fault !== undefined) simulator.faults.add({ match: { path: '/v1/files' }, fault });
      const env = {
        ...process.env,
        UPSTREAM_URL: `${simulator.url}/v1`,
        UPSTREAM_KEY: 'sk-test',
        UPSTREAM_CA: simulator.caPem,
      };
      const args = ['--conditions=@ferry/source', fileURLToPath(example(name)), PHOTO];
      const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: HUNG_AFTER_MS });
      expect(stdout).toMatch(prints);
    } finally {
      await simulator.close();
    }
  },
  2 * HUNG_AFTER_MS,
);
