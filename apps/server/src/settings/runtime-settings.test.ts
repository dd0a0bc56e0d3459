import { silentLogger } from '@ferry/core';
import { expect, test } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { RuntimeSettings } from './runtime-settings.ts';

const config = (tree: object = {}) => configSchema.parse(tree);

test('whoever holds a snapshot keeps it, whatever is changed', () => {
  const settings = new RuntimeSettings(config(), silentLogger);
  const held = settings.current;
  settings.apply(config({ pool: { spares: 9 } }));
  expect([held.pool.spares, settings.current.pool.spares]).toEqual([2, 9]);
  expect(() => Object.assign(held.pool, { spares: 3 })).toThrow(TypeError);
  expect(() => Object.assign(settings.current.pool, { spares: 3 })).toThrow(TypeError);
});

test('what is read at the start only is not changed', () => {
  const settings = new RuntimeSettings(config({ server: { port: 1 } }), silentLogger);
  const { upload, pool, retry, limits, fallback, alerts } = config({ upload: { reuse_session: true } });
  settings.apply({ upload, pool, retry, limits, fallback, alerts });
  expect([settings.current.server.port, settings.current.upload.reuse_session]).toEqual([1, true]);
});

test('a part that cannot take a change over does not keep it from the others, and is named in the log', () => {
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (_: object, message: string) => void errors.push(message) };
  const settings = new RuntimeSettings(config(), logger);
  const heard: number[] = [];
  settings.onChange(() => {
    throw new Error('broken');
  });
  const end = settings.onChange(({ before, after }) => heard.push(before.pool.spares, after.pool.spares));
  settings.apply(config({ pool: { spares: 1 } }));
  end();
  settings.apply(config({ pool: { spares: 0 } }));
  expect(heard).toEqual([2, 1]);
  expect(errors).toHaveLength(2);
});
