import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG, SECRETS } from '../config/config.module.ts';
import { isReference } from '../config/keys.ts';
import type { Config } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { OpenTelemetry } from '../metrics/open-telemetry.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import type { AlertState } from './alert-state.ts';
import { alertView } from './alert-view.ts';
import { type Alert, AlertWatch } from './alert-watch.ts';
import { Webhook, type WebhookTarget } from './webhook.ts';

const LEVELS = { inactive: 0, resolved: 0, pending: 1, firing: 2 } as const satisfies Record<
  AlertState['type'],
  number
>;

/** The watch, and whom it tells: the log, the metrics, the webhook. */
@Injectable()
export class Alerts implements OnApplicationShutdown {
  readonly watch: AlertWatch;
  readonly #logger: Logger;
  readonly #webhook: Webhook;

  constructor(
    settings: RuntimeSettings,
    telemetry: Telemetry,
    openTelemetry: OpenTelemetry,
    @Inject(CONFIG) config: Config,
    @Inject(SECRETS) secrets: Secrets,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.#logger = logger;
    this.#webhook = new Webhook({
      target: targetOf(config.webhook, secrets),
      clock: telemetry.clock,
      logger,
    });
    this.watch = new AlertWatch(
      telemetry,
      () => settings.current.alerts,
      (alert) => this.#tell(alert),
    );
    openTelemetry.instruments.observe('ferry_alert_state', (observe) => {
      for (const { rule, state } of this.watch.list()) {
        observe(LEVELS[state.type], { alert: rule.name, severity: rule.severity });
      }
    });
  }

  onApplicationShutdown(): void {
    this.watch[Symbol.dispose]();
    this.#webhook[Symbol.dispose]();
  }

  #tell(alert: Alert): void {
    const { rule, state, value } = alert;
    const fields = { alert: rule.name, severity: rule.severity, value, threshold: rule.threshold };
    if (state.type === 'firing') this.#logger.warn(fields, `Alert firing: ${rule.name}. ${rule.summary}`);
    else this.#logger.info(fields, `Alert resolved: ${rule.name}`);
    this.#webhook.tell(alertView(alert));
  }
}

function targetOf({ url, secret }: Config['webhook'], secrets: Secrets): WebhookTarget | undefined {
  if (url === undefined) return undefined;
  return {
    url: isReference(url) ? secrets.read(url) : url,
    ...(secret !== undefined && { secret: secrets.read(secret) }),
  };
}
