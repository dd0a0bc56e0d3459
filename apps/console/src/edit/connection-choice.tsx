import type { JSX } from 'preact';
import type { Reuse } from '../api/edit-request.ts';
import type { ConsoleInfo } from '../api/wire.ts';

export interface ConnectionChoiceProps {
  readonly reuse: Reuse;
  readonly upload: ConsoleInfo['upload'];
  onChange(reuse: Reuse): void;
}

const COSTS: Readonly<Record<'off' | 'on', string>> = {
  off: 'Each upload has a connection of its own, closed afterwards. Nothing another upload does can break it; unless one was opened ahead, it waits two round trips for the handshake.',
  on: 'Uploads share connections that are tested after a pause. No handshake to wait for; when a shared connection breaks, every upload on it needs a retry.',
};

/** `reuse_session` for the next edit, with what it costs in a sentence. */
export function ConnectionChoice({ reuse, upload, onChange }: ConnectionChoiceProps): JSX.Element {
  const configured = upload.reuseSession ? 'on' : 'off';
  const choices: readonly { readonly value: Reuse; readonly name: string }[] = [
    { value: 'default', name: 'As configured' },
    { value: 'off', name: 'Own' },
    { value: 'on', name: 'Shared' },
  ];
  return (
    <details class="connection-choice" open={reuse !== 'default'}>
      <summary>
        Connection
        <span class="small">{summary(reuse, configured)}</span>
      </summary>
      <fieldset>
        <legend class="hidden-visually">Connection</legend>
        <div class="scale">
          {choices.map(({ value, name }) => (
            <label key={value}>
              <input
                type="radio"
                name="reuse_session"
                value={value}
                checked={value === reuse}
                onChange={() => onChange(value)}
              />
              <span>{name}</span>
            </label>
          ))}
        </div>
        <p class="small">{COSTS[reuse === 'default' ? configured : reuse]}</p>
        {upload.transport !== '' && <p class="small">Transport: {upload.transport}</p>}
      </fieldset>
    </details>
  );
}

function summary(reuse: Reuse, configured: 'off' | 'on'): string {
  const words = { off: 'its own', on: 'shared' };
  return reuse === 'default' ? `as configured: ${words[configured]}` : words[reuse];
}
