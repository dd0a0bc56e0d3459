/** What is measured by looking: pools, fallback, keys and queues as they are when somebody asks. */
import type { LiveQueues } from '../telemetry/live-queues.ts';
import type { LiveUpstreams } from '../telemetry/live-upstreams.ts';
import { clientLabels } from './client-labels.ts';
import type { Instruments } from './instruments.ts';

export function observeLive(instruments: Instruments, upstreams: LiveUpstreams, queues: LiveQueues): void {
  instruments.observe('http.client.open_connections', (observe) => {
    for (const { labels, active, idle } of openConnections(upstreams)) {
      observe(active, { ...labels, 'http.connection.state': 'active' });
      observe(idle, { ...labels, 'http.connection.state': 'idle' });
    }
  });
  instruments.observe('ferry_fallback_origins', (observe) => {
    for (const { provider, road, count } of fallbackCounts(upstreams)) observe(count, { provider, road });
  });
  instruments.observe('ferry_credential_cooldown_seconds', (observe) => {
    for (const { provider, alias, restMs } of upstreams.credentials()) {
      observe(restMs / 1_000, { provider, credential: alias });
    }
  });
  instruments.observe('ferry_queue_depth', (observe) => {
    for (const { queue, waiting } of queues.list()) observe(waiting, { queue });
  });
  instruments.observe('ferry_queue_running', (observe) => {
    for (const { queue, running } of queues.list()) observe(running, { queue });
  });
  instruments.observe('ferry_queue_limit', (observe) => {
    for (const { queue, limit } of queues.list()) observe(limit, { queue });
  });
}

interface OpenCount {
  readonly labels: ReturnType<typeof clientLabels>;
  active: number;
  idle: number;
}

/** Summed over the pools of an origin, since a later observation of the same labels replaces an earlier one. */
function openConnections(upstreams: LiveUpstreams): Iterable<OpenCount> {
  const counts = new Map<string, OpenCount>();
  for (const { protocol, transport } of upstreams.pools()) {
    for (const { origin, state, streams } of transport.connections()) {
      if (state === 'connecting' || state === 'closed') continue;
      const key = `${protocol} ${origin}`;
      const count = counts.get(key) ?? { labels: clientLabels(origin, protocol), active: 0, idle: 0 };
      counts.set(key, count);
      if (streams > 0) count.active += 1;
      else count.idle += 1;
    }
  }
  return counts.values();
}

/** With zeros, so that an alert on it has something to come back to. */
function fallbackCounts(
  upstreams: LiveUpstreams,
): { readonly provider: string; readonly road: 'http1' | 'probing'; readonly count: number }[] {
  const views = upstreams.fallbacks();
  return upstreams.providers().flatMap((provider) =>
    (['http1', 'probing'] as const).map((road) => ({
      provider,
      road,
      count: views.filter((view) => view.provider === provider && view.road === road).length,
    })),
  );
}
