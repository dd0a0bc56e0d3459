import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SimulatorControl } from './simulator-control.ts';

const CLI = fileURLToPath(new URL('../../../../packages/upstream-sim/dist/cli.js', import.meta.url));

/** A simulator that is not the gateway's own: it stands for a real upstream, with keys it accepts. */
export class Upstream implements AsyncDisposable {
  readonly url: string;
  readonly control: SimulatorControl;
  /** Where its certificate authority lies. */
  readonly caFile: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, address: { url: string; controlUrl: string }) {
    this.#child = child;
    this.#folder = folder;
    this.url = address.url;
    this.control = new SimulatorControl(address.controlUrl);
    this.caFile = join(folder, 'ca.pem');
  }

  static async start(...args: readonly string[]): Promise<Upstream> {
    const child = spawn(process.execPath, [CLI, '--parent-watch', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const address = JSON.parse(String(line));
    const folder = await mkdtemp(join(tmpdir(), 'ferry-upstream-'));
    const upstream = new Upstream(child, folder, address);
    await writeFile(upstream.caFile, address.caPem);
    return upstream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await gone;
    await rm(this.#folder, { recursive: true });
  }
}
