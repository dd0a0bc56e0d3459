import type { JSX } from 'preact';
import { connectionWords } from '../journey/words.ts';
import { formatCount, formatDuration } from '../ui/figures.ts';
import {
  ageShare,
  connectionState,
  credentialWords,
  fallbackWords,
  MAX_TICKS,
  retiredWords,
} from './pool-words.ts';
import { type Connection, resetFallback, type Transport } from './status-api.ts';

/** The connections, what is held against HTTP/2, the keys and the queues. */
export function Pool({ transport, at }: { readonly transport: Transport; readonly at: number }): JSX.Element {
  const { connections, closed, fallback, credentials, queues } = transport;
  return (
    <>
      <section aria-label="Connections">
        <h2>Connections</h2>
        {connections.length + closed.length === 0 && <p class="small">None yet.</p>}
        <ul class="connections">
          {connections.map((connection) => (
            <ConnectionLine key={connection.id} connection={connection} at={at} />
          ))}
          {closed.map((connection) => (
            <ConnectionLine key={connection.id} connection={connection} at={at} />
          ))}
        </ul>
      </section>
      <section aria-label="Fallback">
        <h2>Fallback</h2>
        {fallback.length === 0 && <p class="small">Every upstream is spoken to as configured.</p>}
        {fallback.map((view) => (
          <p key={view.origin} class="side-line" data-tone="attention">
            <span>
              <b>{view.provider}</b> {fallbackWords(view)}
            </span>
            <button type="button" class="button" onClick={() => void resetFallback()}>
              Reset
            </button>
          </p>
        ))}
      </section>
      {credentials.length > 0 && (
        <section aria-label="Keys">
          <h2>Keys</h2>
          {credentials.map((key) => (
            <p key={key.alias} class="side-line" data-tone={key.state === 'ready' ? 'plain' : 'attention'}>
              <span>
                <b>{key.alias}</b> {credentialWords(key)}
              </span>
              <span class="small">{formatCount(key.taken, 'use')}</span>
            </p>
          ))}
        </section>
      )}
      <section aria-label="Queues">
        <h2>Queues</h2>
        <table class="queues">
          <thead>
            <tr>
              <th scope="col">place for</th>
              <th scope="col">running</th>
              <th scope="col">waiting</th>
            </tr>
          </thead>
          <tbody>
            {queues.map(({ queue, running, waiting, limit }) => (
              <tr key={queue} data-waiting={waiting > 0}>
                <th scope="row">{queue.replace(/^provider:/, 'at ')}</th>
                <td>
                  {running} <span class="of">of {limit}</span>
                </td>
                <td>{waiting}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

interface LineProps {
  readonly connection: Connection;
  readonly at: number;
}

function ConnectionLine({ connection, at }: LineProps): JSX.Element {
  const { id, protocol, state, uses, age_ms, rtt_ms, proved_at, retire_reason } = connection;
  const [name, ...rest] = connectionWords({ id, protocol, reused: false, origin: '' });
  const gone = state === 'closed';
  const facts = [
    `open for ${formatDuration(age_ms)}`,
    formatCount(uses, 'use'),
    rtt_ms === null ? '' : `round trip ${formatDuration(rtt_ms)}`,
    proved_at === null ? '' : `proved ${formatDuration(Math.max(0, at - proved_at))} ago`,
  ].filter((fact) => fact !== '');
  return (
    <li class="connection" data-state={state} data-retired={retire_reason !== null} title={facts.join(', ')}>
      <span class="connection-name">
        {name} {rest.join(' ')}
      </span>
      <span class="connection-track">
        <span class="connection-bar" style={{ '--age': String(ageShare(age_ms)) }}>
          {Array.from({ length: Math.min(uses, MAX_TICKS) }, (_, tick) => (
            <i key={tick} />
          ))}
        </span>
      </span>
      <span class="connection-age">{formatDuration(age_ms)}</span>
      <span class="connection-state">{gone ? retiredWords(retire_reason) : connectionState(connection)}</span>
      <span class="hidden-visually">{facts.join(', ')}</span>
    </li>
  );
}
