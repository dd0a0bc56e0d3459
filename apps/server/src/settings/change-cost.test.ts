import { expect, test } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { replacedTransports, transportSpecs } from '../transport/transport-spec.ts';
import { costOf } from './change-cost.ts';
import { overlay } from './overrides.ts';
import { DEFINITIONS, type SettingDefinition } from './setting-definition.ts';

const started = configSchema.parse({});

/** Other valid values than the default. */
function others({ byDefault, valueSchema }: SettingDefinition): unknown[] {
  const { type, minimum, maximum, enum: options } = valueSchema;
  if (options !== undefined) return options.filter((option) => option !== byDefault);
  if (type === 'boolean') return [byDefault !== true];
  if (type === 'array') return [[500]];
  return [minimum, maximum].filter((value) => value !== undefined && value !== byDefault);
}

test.each([...DEFINITIONS.values()])('what is said of the cost of $key is what happens', (definition) => {
  const replaced = others(definition).map((value) => {
    const { config, ignored } = overlay(started, { [definition.key]: value });
    expect(ignored).toEqual([]);
    return replacedTransports(transportSpecs(started), transportSpecs(config));
  });
  expect(replaced.length).toBeGreaterThan(0);
  for (const sharings of replaced) expect(sharings).toEqual(costOf(definition.key).replaces);
});

test('every setting says in words what a change costs', () => {
  for (const key of DEFINITIONS.keys()) expect(costOf(key).about).toMatch(/\.$/);
});
