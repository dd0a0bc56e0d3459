import type { JSX } from 'preact';
import { Words } from '../ui/words.tsx';
import { shown, type Typed } from './draft.ts';
import { SettingControl } from './setting-control.tsx';
import type { Setting, SettingSource } from './settings-api.ts';
import { valueText } from './value-text.ts';

export interface SettingRowProps {
  readonly setting: Setting;
  /** What is typed; undefined when nothing is. */
  readonly typed: Typed | undefined;
  readonly problem: string | undefined;
  readonly disabled: boolean;
  /** What each choice costs, always in sight: for the settings that matter most. */
  readonly large?: boolean;
  onType(setting: Setting, now: Typed): void;
}

/** A sentence, a control, its default, what it costs. */
export function SettingRow({
  setting,
  typed,
  problem,
  disabled,
  large = false,
  onType,
}: SettingRowProps): JSX.Element {
  const { key, value, about, cost, unit } = setting;
  const describedBy = `about-${key}`;
  return (
    <div class="setting" data-changed={typed !== undefined} data-large={large}>
      <div class="setting-words" id={describedBy}>
        <h3>{key.slice(key.indexOf('.') + 1)}</h3>
        <p>
          <Words text={about} />
        </p>
        {(large || typed !== undefined) && (
          <p class="small">
            <Words text={cost.about} />
          </p>
        )}
      </div>
      <div class="setting-value">
        <SettingControl
          setting={setting}
          now={typed ?? shown(value)}
          describedBy={describedBy}
          invalid={problem !== undefined}
          disabled={disabled}
          onType={(now) => onType(setting, now)}
        />
        <p class="small">
          {typed === undefined ? origin(setting) : `now ${valueText(value, unit)}`}
          {typed !== undefined && (
            <button class="link" type="button" onClick={() => onType(setting, shown(value))}>
              keep
            </button>
          )}
        </p>
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </div>
    </div>
  );
}

function origin({ source, configured, unit, ...setting }: Setting): string {
  if (source.kind === 'default') return 'the default';
  if (configured !== null) return `changed here; configured ${valueText(configured.value, unit)}`;
  return `from ${fromWhere(source)}; default ${valueText(setting.default, unit)}`;
}

const fromWhere = ({ kind, name }: SettingSource): string => name ?? kind;
