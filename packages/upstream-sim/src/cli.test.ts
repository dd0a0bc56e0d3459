import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLoopbackCertificate, type LoopbackCertificate } from './certificate.ts';
import { h2Client, uploadOf } from './testing/client.ts';
import { ROCKET_BYTES } from './testing/samples.ts';

const CLI = fileURLToPath(new URL('./cli.ts', import.meta.url));

interface Ready {
  readonly url: string;
  readonly controlUrl: string;
  readonly caPem: string;
  readonly pid: number;
  readonly certificate?: LoopbackCertificate;
}

let temp: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  temp = await mkdtemp(join(tmpdir(), 'ferry-cli-test-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(temp, { recursive: true, force: true });
});

function node(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { env: { ...process.env, TMPDIR: temp }, stdio: 'pipe' });
  children.push(child);
  return child;
}

async function ready(child: ChildProcess): Promise<Ready> {
  if (!child.stdout) throw new Error('the child has no stdout');
  const [line] = await once(createInterface(child.stdout), 'line');
  return JSON.parse(String(line)) as Ready;
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'exit');
  return code;
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += chunk;
  return text;
}

async function upload(simulator: Ready): Promise<number | undefined> {
  const client = h2Client(simulator);
  const { status } = await client.send(uploadOf(ROCKET_BYTES));
  await client.close();
  return status;
}

/** Resolves when the simulator has received a request. */
async function arrival({ controlUrl }: Ready): Promise<void> {
  for (;;) {
    const answer = await fetch(`${controlUrl}/ledger`);
    const { entries } = (await answer.json()) as { entries: { fault?: object }[] };
    if (entries.some(({ fault }) => fault !== undefined)) return;
  }
}

describe('the command', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'prints one line of JSON, serves, and ends with 0 on %s leaving no file',
    async (signal) => {
      const child = node([CLI]);
      const output = textOf(child.stdout);
      const errors = textOf(child.stderr);
      const simulator = await ready(child);
      expect(simulator.pid).toBe(child.pid);
      expect(await upload(simulator)).toBe(200);
      expect((await fetch(`${simulator.controlUrl}/health`)).status).toBe(200);
      expect(await readdir(temp)).toHaveLength(1);
      const exited = exitOf(child);
      child.kill(signal);
      expect(await exited).toBe(0);
      expect(await readdir(temp)).toEqual([]);
      expect((await output).trim().split('\n')).toHaveLength(1);
      expect(await errors).toBe('');
    },
  );

  it('with --parent-watch ends when its stdin does', async () => {
    const child = node([CLI, '--parent-watch']);
    await ready(child);
    const exited = exitOf(child);
    child.stdin?.end();
    expect(await exited).toBe(0);
    expect(await readdir(temp)).toEqual([]);
  });

  it('with --parent-watch dies with a parent that was killed', async () => {
    const program = `
      const { spawn } = require('node:child_process');
      spawn(process.execPath, [${JSON.stringify(CLI)}, '--parent-watch'], { stdio: ['pipe', 'inherit', 'inherit'] });
    `;
    const parent = node(['-e', program]);
    const simulator = await ready(parent);
    expect(await upload(simulator)).toBe(200);
    // The simulator holds the other end of this pipe: it closes when both processes are gone.
    const closed = once(parent, 'close');
    parent.kill('SIGKILL');
    await closed;
    expect(await readdir(temp)).toEqual([]);
  });

  it('ends while an upload hangs in it', async () => {
    const child = node([CLI]);
    const simulator = await ready(child);
    const fault = { fault: { kind: 'silence', readBody: true } };
    await fetch(`${simulator.controlUrl}/faults`, { method: 'POST', body: JSON.stringify(fault) });
    const hanging = upload(simulator);
    await arrival(simulator);
    const exited = exitOf(child);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(await hanging).toBeUndefined();
  });

  it('takes its certificate from stdin, whose end still ends it', async () => {
    const first = await ready(node([CLI, '--print-certificate']));
    const { certificate } = first;
    expect(certificate?.caPem).toBe(first.caPem);
    const child = node([CLI, '--certificate', '-', '--parent-watch']);
    child.stdin?.write(`${JSON.stringify(certificate)}\n`);
    const simulator = await ready(child);
    expect(simulator.caPem).toBe(first.caPem);
    expect(await upload(simulator)).toBe(200);
    const gone = exitOf(child);
    child.stdin?.end();
    expect(await gone).toBe(0);
  });

  it.each(['', 'no JSON\n'])('refuses a stdin that holds no certificate (%j)', async (text) => {
    const child = node([CLI, '--certificate', '-']);
    const [errors, gone] = [textOf(child.stderr), exitOf(child)];
    child.stdin?.end(text);
    expect(await gone).toBe(2);
    expect(await errors).toMatch(/^--certificate /);
  });

  it('that was killed comes back with its certificate, and what it did is in its ledger file', async () => {
    const [certificate, ledger] = [join(temp, 'certificate.json'), join(temp, 'ledger.jsonl')];
    await writeFile(certificate, JSON.stringify(await createLoopbackCertificate()));
    const child = node([CLI, '--certificate', certificate, '--ledger-file', ledger]);
    const first = await ready(child);
    expect(await upload(first)).toBe(200);
    const exited = exitOf(child);
    child.kill('SIGKILL');
    await exited;
    const again = node([CLI, '--certificate', certificate, '--port', new URL(first.url).port]);
    const second = await ready(again);
    expect([second.url, second.caPem]).toEqual([first.url, first.caPem]);
    expect(await upload({ ...second, caPem: first.caPem })).toBe(200);
    const lines = (await readFile(ledger, 'utf8')).trim().split('\n');
    const [entry] = lines.map((line) => JSON.parse(line));
    expect(entry).toMatchObject({ path: '/v1/files', work: { file: { bytes: ROCKET_BYTES.byteLength } } });
  });

  it('tells of each request on stderr when it is verbose, without the key', async () => {
    const child = node([CLI, '--verbose']);
    const errors = textOf(child.stderr);
    await upload(await ready(child));
    child.kill('SIGTERM');
    const text = await errors;
    expect(text).toMatch(/POST \/v1\/files h2 c1#1 \d+ B -> 200 answered/);
    expect(text).not.toContain('test-key');
  });

  it.each([
    [['--port', 'x'], '--port must be'],
    [['--protocols', 'h3'], '--protocols must be'],
    [['--host', '0.0.0.0'], 'loopback'],
    [['--nonsense'], '--nonsense'],
  ])('refuses %j in one sentence', async (args, sentence) => {
    const child = node([CLI, ...args]);
    const errors = textOf(child.stderr);
    const output = textOf(child.stdout);
    expect(await exitOf(child)).not.toBe(0);
    expect(await errors).toContain(sentence);
    expect((await errors).trim().split('\n')).toHaveLength(1);
    expect(await output).toBe('');
    expect(await readdir(temp)).toEqual([]);
  });

  it('explains itself with --help', async () => {
    const output = textOf(node([CLI, '--help']).stdout);
    expect(await output).toContain('--parent-watch');
  });
});
