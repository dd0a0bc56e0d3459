import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createLoopbackCertificate, type FaultRule, type LedgerEntry } from '@ferry/upstream-sim';
import { z } from 'zod';
import { Child } from './child.ts';

const CLI = fileURLToPath(new URL('../../../upstream-sim/dist/cli.js', import.meta.url));
const READY_MS = 30_000;
/** What a service manager gives a process after SIGTERM before it kills it; short, as everything here. Milliseconds. */
const GRACE_MS = 2_000;
/** Rules in one message to the control interface. */
const RULES_AT_ONCE = 100;

const readyLine = z.object({ url: z.url(), controlUrl: z.url() });
const ledgerPart = z.object({ entries: z.array(z.unknown()) });

/** The simulator as a process that is killed and started again; port, certificate and ledger outlive it. */
export class UpstreamProcess {
  readonly caFile: string;
  readonly #folder: string;
  readonly #certificateFile: string;
  #child: Child | undefined;
  #port = 0;
  #control = '';
  #boots = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.caFile = join(folder, 'ca.pem');
    this.#certificateFile = join(folder, 'certificate.json');
  }

  static async start(folder: string): Promise<UpstreamProcess> {
    const upstream = new UpstreamProcess(folder);
    const certificate = await createLoopbackCertificate();
    writeFileSync(upstream.caFile, certificate.caPem);
    writeFileSync(upstream.#certificateFile, JSON.stringify(certificate), { mode: 0o600 });
    await upstream.boot();
    return upstream;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Processes started so far. */
  get boots(): number {
    return this.#boots;
  }

  async boot(): Promise<void> {
    const args = [
      CLI,
      '--parent-watch',
      '--port',
      String(this.#port),
      '--certificate',
      this.#certificateFile,
      '--ledger-file',
      this.#ledgerFile(this.#boots),
    ];
    this.#boots += 1;
    const child = new Child({ args, cwd: this.#folder, env: { TMPDIR: this.#folder } });
    this.#child = child;
    const { url, controlUrl } = await child.line(
      (line) => (line.startsWith('{') ? readyLine.parse(JSON.parse(line)) : undefined),
      READY_MS,
    );
    this.#port = Number(new URL(url).port);
    this.#control = controlUrl;
  }

  /** Ends the process, politely or not, and starts another after a moment. */
  async restart(signal: 'SIGKILL' | 'SIGTERM', awayMs: number): Promise<void> {
    await this.#child?.stop(signal, GRACE_MS);
    await setTimeout(awayMs);
    await this.boot();
  }

  async arm(rules: readonly FaultRule[]): Promise<void> {
    for (let at = 0; at < rules.length; at += RULES_AT_ONCE) {
      await this.#ask('POST', '/faults', rules.slice(at, at + RULES_AT_ONCE));
    }
  }

  async disarm(): Promise<void> {
    await this.#ask('DELETE', '/faults');
  }

  /** Requests of this path that run now. */
  async running(path: string): Promise<number> {
    const answer = await this.#ask('GET', `/ledger?outcome=open&path=${encodeURIComponent(path)}`);
    return ledgerPart.parse(answer).entries.length;
  }

  /** Everything that any of its processes did, the last word on each request. */
  async ledger(): Promise<LedgerEntry[]> {
    const entries: LedgerEntry[] = [];
    for (let boot = 0; boot < this.#boots; boot += 1) {
      const text = await readFile(this.#ledgerFile(boot), 'utf8').catch(() => '');
      const bySequence = new Map<number, LedgerEntry>();
      for (const line of text.split('\n')) {
        // Written by this repository's own simulator; a killed one may have left half a line.
        if (!line.endsWith('}')) continue;
        const entry = JSON.parse(line) as LedgerEntry;
        bySequence.set(entry.sequence, entry);
      }
      entries.push(...bySequence.values());
    }
    return entries;
  }

  /** Its books are written before it answers: a request that is still stalled holds nobody up. */
  async stop(): Promise<void> {
    await this.#child?.stop('SIGTERM', GRACE_MS);
  }

  #ledgerFile(boot: number): string {
    return join(this.#folder, `ledger-${boot}.jsonl`);
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#control}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the simulator's control answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  }
}
