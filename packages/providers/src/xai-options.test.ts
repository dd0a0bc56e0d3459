import { expect, test } from 'vitest';
import { InvalidEditError } from './provider-error.ts';
import { xaiOptions } from './xai-options.ts';

test.each([
  [{}, {}],
  [{ size: 'auto', quality: 'auto', background: 'auto', input_fidelity: 'low' }, {}],
  [{ background: 'opaque', quality: 'standard' }, {}],
  [{ size: '1024x1024' }, { aspect_ratio: '1:1', resolution: '1k' }],
  [{ size: '1536x1024' }, { aspect_ratio: '3:2', resolution: '1.5k' }],
  [{ size: '1024x1536' }, { aspect_ratio: '2:3', resolution: '1.5k' }],
  [{ size: '2048x1152' }, { aspect_ratio: '16:9', resolution: '2k' }],
  [
    { quality: 'high', user: 'u' },
    { quality: 'high', user: 'u' },
  ],
])('%o asks xAI for %o', (wishes, options) => {
  expect(xaiOptions(wishes)).toEqual(options);
});

test.each([
  ['size', '256x256'],
  ['size', '1536x865'],
  ['size', '0x0'],
  ['size', 'large'],
  ['quality', 'max'],
  ['background', 'transparent'],
  ['input_fidelity', 'high'],
])('%s %s is refused by name', (param, value) => {
  const refused = (): unknown => xaiOptions({ [param]: value });
  expect(refused).toThrow(InvalidEditError);
  expect(refused).toThrow(expect.objectContaining({ param }));
});
