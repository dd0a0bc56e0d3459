import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { Alerts } from '../alerts/alerts.ts';
import { CONFIG, SECRETS } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { ShutdownSignal } from '../lifecycle/shutdown-signal.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { Upstreams } from '../providers/upstreams.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { DRILL_KINDS, DRILL_PLANS, type DrillKind } from './drill-plans.ts';
import type { Caller } from './drill-traffic.ts';
import type { DrillEnd, DrillView } from './drill-view.ts';
import { RunningDrill } from './running-drill.ts';

interface Running {
  readonly kind: DrillKind;
  readonly startedAt: number;
  readonly endsBy: number;
  readonly drill: RunningDrill;
  readonly stop: AbortController;
  /** Resolves when it has taken everything back. Never rejects. */
  readonly over: Promise<void>;
}

/** Fault drills: one at a time, bounded, and never with a real upstream. */
@Injectable()
export class Drills implements OnApplicationShutdown {
  #running: Running | undefined;
  #last: DrillView['last'] = null;

  constructor(
    private readonly upstreams: Upstreams,
    private readonly settings: RuntimeSettings,
    private readonly alerts: Alerts,
    private readonly shutdown: ShutdownSignal,
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(SECRETS) private readonly secrets: Secrets,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Null with a real upstream. */
  get view(): DrillView | null {
    if (!this.upstreams.simulated) return null;
    return {
      kinds: DRILL_KINDS.map((kind) => {
        const { title, what, look } = DRILL_PLANS[kind];
        return { kind, title, what, look, seconds: this.#maxMs(kind) / 1_000 };
      }),
      running: this.#running === undefined ? null : runningView(this.#running),
      last: this.#last,
    };
  }

  /** @throws GatewayError 409 while another one runs, or when it could not end as it should. */
  start(kind: DrillKind): void {
    if (this.#running !== undefined) {
      throw conflict(`The drill "${DRILL_PLANS[this.#running.kind].title}" runs. Stop it first.`);
    }
    if (kind === 'outage' && !this.settings.current.alerts.enabled) {
      throw conflict('The alerts are switched off (alerts.enabled): none would fire.');
    }
    const stop = new AbortController();
    const limitMs = this.#maxMs(kind);
    const startedAt = Date.now();
    const signal = AbortSignal.any([stop.signal, this.shutdown.begun, AbortSignal.timeout(limitMs)]);
    const { upstreams } = this;
    const alerting = (): boolean => this.#alerting();
    const drill = new RunningDrill({ kind, upstreams, caller: this.#caller(), alerting, signal });
    const over = this.#run(kind, drill, stop.signal, signal);
    this.#running = { kind, startedAt, endsBy: startedAt + limitMs, drill, stop, over };
  }

  /** Ends the one that runs, if any, and waits until everything is as before. */
  async stop(): Promise<void> {
    const running = this.#running;
    running?.stop.abort();
    await running?.over;
  }

  /** Before the simulator is ended. */
  async onApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  async #run(kind: DrillKind, drill: RunningDrill, stopped: AbortSignal, signal: AbortSignal): Promise<void> {
    this.logger.info({ drill: kind }, `Fault drill: ${DRILL_PLANS[kind].title}`);
    let end: DrillEnd = 'finished';
    try {
      await using mended = drill;
      await DRILL_PLANS[kind].run(mended);
    } catch (error) {
      end = stopped.aborted || this.shutdown.stopping ? 'stopped' : signal.aborted ? 'overdue' : 'broken';
      if (end === 'broken') this.logger.warn({ err: error, drill: kind }, 'A fault drill broke off');
    }
    const { sent, arrived, failed } = drill;
    this.logger.info(
      { drill: kind, end, sent, arrived },
      `Fault drill ${end}: ${arrived} of ${sent} arrived`,
    );
    this.#last = { kind, ended_at: Date.now(), end, sent, arrived, failed };
    this.#running = undefined;
  }

  #maxMs(kind: DrillKind): number {
    return DRILL_PLANS[kind].maxMs(this.settings.current.alerts);
  }

  #alerting(): boolean {
    return this.alerts.watch
      .list()
      .some(({ rule, state }) => rule.measure === 'success-rate' && state.type === 'firing');
  }

  #caller(): Caller {
    const address = this.host.httpAdapter.getHttpServer().address();
    if (typeof address !== 'object' || address === null) throw conflict('The server does not listen.');
    const { admin_key } = this.config.auth;
    return { address, adminKey: admin_key === undefined ? undefined : this.secrets.read(admin_key) };
  }
}

const conflict = (message: string): GatewayError =>
  new GatewayError(message, { status: 409, type: 'invalid_request_error', code: 'conflict' });

function runningView({ kind, startedAt, endsBy, drill }: Running): DrillView['running'] {
  const { step, sent, arrived, failed } = drill;
  return { kind, started_at: startedAt, ends_by: endsBy, step, sent, arrived, failed };
}
