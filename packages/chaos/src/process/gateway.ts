import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import { reportsIn, reportsTo } from './diagnostic-report.ts';

const MAIN = fileURLToPath(new URL('../../../../apps/server/dist/main.js', import.meta.url));
const READY_MS = 60_000;
const READY = 'Ferry is ready: ';

/** Keys of the upstream: several, since a refused or limited one rests for a while. */
const KEYS = ['ONE', 'TWO', 'THREE', 'FOUR', 'FIVE', 'SIX'] as const;

/** The longest a request may take by the gateway's own clock, in milliseconds. */
export const DEADLINE_MS = 6_000;

/** Uploads at once, and as many edits beside them. */
export const CONCURRENCY = 16;

interface UpstreamAddress {
  readonly url: string;
  readonly caFile: string;
}

/** The built gateway as a process of its own, as an operator starts it. */
export class GatewayProcess {
  readonly url: string;
  readonly #child: Child;
  readonly #folder: string;

  private constructor(child: Child, folder: string, url: string) {
    this.#child = child;
    this.#folder = folder;
    this.url = url;
  }

  static async start(
    folder: string,
    upstream: UpstreamAddress,
    options: { readonly spares: number },
  ): Promise<GatewayProcess> {
    mkdirSync(join(folder, 'tmp'));
    writeFileSync(join(folder, 'ferry.toml'), configuration(upstream, options));
    const env = {
      TMPDIR: join(folder, 'tmp'),
      ...Object.fromEntries(KEYS.map((key) => [key, `key-${key}`])),
    };
    const child = new Child({ args: [...reportsTo(folder), MAIN], cwd: folder, env });
    const url = await child.line(readyUrl, READY_MS);
    return new GatewayProcess(child, folder, url);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#child.alive;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Where it keeps what belongs to one request. */
  get temporaryFolders(): readonly string[] {
    return [join(this.#folder, '.ferry', 'tmp'), join(this.#folder, 'tmp')];
  }

  /** The cluster of its PostgreSQL. */
  get databaseFolder(): string {
    return join(this.#folder, '.ferry', 'postgres', 'data');
  }

  /** What a PostgreSQL that runs, or was not ended well, keeps beside its data; elsewhere it keeps nothing. */
  get databaseRemains(): readonly string[] {
    const kept = [
      join(this.databaseFolder, 'postmaster.pid'),
      join(this.#folder, '.ferry', 'postgres', 'run'),
    ];
    const sockets = readdirSync(join(this.#folder, 'tmp')).map((name) => join(this.#folder, 'tmp', name));
    return [...kept, ...sockets].filter((path) => existsSync(path));
  }

  /** Node's own warnings, such as that of too many listeners. */
  get warnings(): readonly string[] {
    return this.#child.complaints.filter((line) => /Warning/.test(line));
  }

  /** How it ended, when, what it said last, and what Node reported of it. */
  get lastWords(): readonly string[] {
    return [...this.#child.lastWords, ...reportsIn(this.#folder)];
  }

  async stop(): Promise<void> {
    await this.#child.stop('SIGTERM', 40_000);
  }
}

function readyUrl(line: string): string | undefined {
  if (!line.includes(READY)) return undefined;
  const { msg } = JSON.parse(line) as { readonly msg: string };
  return new URL(msg.slice(READY.length)).origin;
}

/** Waits are short so that a run is; what is decided is not changed by that. */
function configuration({ url, caFile }: UpstreamAddress, { spares }: { readonly spares: number }): string {
  return `
[server]
port = 0
deadline_ms = ${DEADLINE_MS}

[auth]
requests_per_minute = 0

[upload]
transport = "auto"
proxy = "none"
concurrency = ${CONCURRENCY}

[limits]
connect_ms = 3000
headers_ms = 2000
idle_ms = 1500

[pool]
spares = ${spares}
max_idle_ms = 1000
prove_after_idle_ms = 200

[retry]
max_retry = 5
retry_backoff_base = 0.1
retry_backoff_max = 1.0
retry_budget = 10

[fallback]
hold_s = 0.5

[[provider]]
name = "chaos"
base_url = "${url}"
models = ["grok-imagine-image"]
keys = ${JSON.stringify(KEYS.map((key) => `env:${key}`))}
ca_file = ${JSON.stringify(caFile)}
`;
}
