import type { JSX } from 'preact';
import type { Typed } from './draft.ts';
import type { Setting } from './settings-api.ts';

export interface SettingControlProps {
  readonly setting: Setting;
  readonly now: Typed;
  /** The id of what describes it. */
  readonly describedBy: string;
  readonly invalid: boolean;
  readonly disabled: boolean;
  onType(now: Typed): void;
}

/** A switch, a choice, or a field, by what the setting may be. */
export function SettingControl({
  setting,
  now,
  describedBy,
  invalid,
  disabled,
  onType,
}: SettingControlProps): JSX.Element {
  const { key, schema, unit } = setting;
  if (schema.type === 'boolean') {
    const choices = [
      { value: false, name: 'Off' },
      { value: true, name: 'On' },
    ];
    return <Scale name={key} choices={choices} now={now} disabled={disabled} onType={onType} />;
  }
  if (schema.enum !== undefined) {
    const choices = schema.enum.map((value) => ({ value, name: value }));
    return <Scale name={key} choices={choices} now={now} disabled={disabled} onType={onType} />;
  }
  return (
    <span class="setting-field">
      <input
        class="field-input"
        inputMode={schema.type === 'array' ? 'text' : 'decimal'}
        aria-label={key}
        aria-describedby={describedBy}
        aria-invalid={invalid}
        disabled={disabled}
        size={schema.type === 'array' ? 36 : 9}
        value={String(now)}
        onInput={(event) => onType(event.currentTarget.value)}
      />
      {unit !== null && <span class="small">{unit}</span>}
    </span>
  );
}

interface ScaleProps {
  readonly name: string;
  readonly choices: readonly { readonly value: Typed; readonly name: string }[];
  readonly now: Typed;
  readonly disabled: boolean;
  onType(now: Typed): void;
}

function Scale({ name, choices, now, disabled, onType }: ScaleProps): JSX.Element {
  return (
    <fieldset class="scale" disabled={disabled}>
      <legend class="hidden-visually">{name}</legend>
      {choices.map((choice) => (
        <label key={choice.name}>
          <input
            type="radio"
            name={name}
            checked={choice.value === now}
            onChange={() => onType(choice.value)}
          />
          <span>{choice.name}</span>
        </label>
      ))}
    </fieldset>
  );
}
