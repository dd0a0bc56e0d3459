import { sleep } from '@ferry/core';
import type { Upstreams } from '../providers/upstreams.ts';
import type { DrillKind, DrillTools } from './drill-plans.ts';
import { type Caller, drillPicture, sendEdit } from './drill-traffic.ts';
import { SimulatorControl } from './simulator-control.ts';

/** How often it looks whether a killed simulator is back. Milliseconds. */
const LOOK_MS = 100;

export interface DrillParts {
  readonly kind: DrillKind;
  readonly upstreams: Upstreams;
  readonly caller: Caller;
  readonly alerting: () => boolean;
  readonly signal: AbortSignal;
}

/** What one drill does and has done. Dispose of it to take back what it has ordered of the simulator. */
export class RunningDrill implements DrillTools, AsyncDisposable {
  step = 'Starting.';
  sent = 0;
  arrived = 0;
  failed = 0;
  readonly alerting: () => boolean;
  readonly #parts: DrillParts;
  /** With the control port of the simulator that has them: another one knows nothing of them. */
  readonly #faults: { readonly url: string; readonly id: string }[] = [];
  #picture: Promise<Buffer<ArrayBuffer>> | undefined;

  constructor(parts: DrillParts) {
    this.#parts = parts;
    this.alerting = parts.alerting;
  }

  readonly say = (step: string): void => {
    this.step = step;
  };

  readonly fault = async (...rules: readonly object[]): Promise<void> => {
    const { controlUrl: url } = this.#simulator();
    const ids = await new SimulatorControl(url).add(rules);
    this.#faults.push(...ids.map((id) => ({ url, id })));
  };

  readonly mend = async (): Promise<void> => {
    const now = this.#parts.upstreams.simulator?.controlUrl;
    for (const { url, id } of this.#faults.splice(0)) {
      if (url === now) await new SimulatorControl(url).remove(id);
    }
  };

  readonly freeze = async (ms: number): Promise<void> => {
    await new SimulatorControl(this.#simulator().controlUrl).freeze(ms);
  };

  readonly kill = (): void => this.#simulator().kill();

  readonly upstreamIsBack = async (): Promise<void> => {
    while (!this.#parts.upstreams.ready) await this.wait(LOOK_MS);
  };

  readonly send = async (count: number): Promise<void> => {
    await Promise.all(Array.from({ length: count }, () => this.#sendOne()));
  };

  readonly wait = async (ms: number): Promise<void> => await sleep(ms, this.#parts.signal);

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mend();
  }

  async #sendOne(): Promise<void> {
    const { caller, signal, kind } = this.#parts;
    this.#picture ??= drillPicture();
    const bytes = await this.#picture;
    signal.throwIfAborted();
    this.sent += 1;
    const name = `drill-${kind}-${this.sent}.jpg`;
    if (await sendEdit(caller, { name, bytes }, signal)) this.arrived += 1;
    else this.failed += 1;
  }

  #simulator(): NonNullable<Upstreams['simulator']> {
    const { simulator } = this.#parts.upstreams;
    if (simulator === undefined) throw new Error('the simulator is not there');
    return simulator;
  }
}
