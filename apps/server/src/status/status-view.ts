/** The state of the gateway as the status page shows it. Names and fields are the wire's. */
import { type AlertView, alertView, type FiguresView, figuresView } from '../alerts/alert-view.ts';
import type { AlertWatch } from '../alerts/alert-watch.ts';
import type { DrillView } from '../drill/drill-view.ts';
import type { HistoryState } from '../history/history.ts';
import type { CallView } from '../telemetry/call-view.ts';
import type { TransportView } from '../telemetry/transport-view.ts';

export interface StatusView {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** When this process began to serve. */
  readonly started_at: number;
  readonly alerts: readonly AlertView[];
  readonly figures: FiguresView;
  /** What the figures are about: the last so many seconds. */
  readonly window_s: number;
  readonly transport: TransportView;
  readonly history: HistoryState;
  /** Null with a real upstream: nobody drills with that. */
  readonly drill: DrillView | null;
}

export interface StatusSources {
  readonly startedAt: number;
  readonly watch: AlertWatch;
  readonly transport: TransportView;
  readonly history: HistoryState;
  readonly drill: DrillView | null;
}

/** Closed connections on the page: those that fade out. */
const CLOSED_SHOWN = 6;

export function statusView(sources: StatusSources, at: number): StatusView {
  const { watch, transport, history, drill, startedAt } = sources;
  const alerts = watch.list();
  return {
    at,
    started_at: startedAt,
    alerts: alerts.map(alertView),
    figures: figuresView(watch.figures()),
    window_s: alerts[0]?.rule.windowS ?? 0,
    transport: { ...transport, closed: transport.closed.slice(0, CLOSED_SHOWN) },
    history,
    drill,
  };
}

/** The server-sent events of the status page by name. A closed set. */
export type StatusEvent =
  /** At the beginning, and once a second. */
  | { readonly event: 'state'; readonly data: StatusView }
  /** At the beginning: the last uploads and edits, newest first. */
  | { readonly event: 'calls'; readonly data: readonly CallView[] }
  /** One has begun, has come further, or has ended. */
  | { readonly event: 'call'; readonly data: CallView }
  | {
      readonly event: 'bytes';
      readonly data: {
        readonly id: string;
        readonly attempt: number;
        readonly bytes_sent: number;
        readonly bytes_total: number | null;
      };
    };
