import { expect, test } from 'vitest';
import { CENTRE } from './design.ts';
import { parseGatewayOptions } from './gateway-options.ts';

test('one’s own network and sizes: an axis that is not named stays where the design has it', () => {
  const options = { size: '3MB', rtt: '80', window: '64kB', 'at-once': '4', bandwidth: '100' };
  expect(parseGatewayOptions(options)).toEqual({
    settings: [{ bodyBytes: 3_000_000, roundTripMs: 80, windowBytes: 65_536, atOnce: 4 }],
    bytesPerSecond: 12_500_000,
  });
  expect(parseGatewayOptions({ rtt: '80' })).toEqual({ settings: [{ ...CENTRE, roundTripMs: 80 }] });
});

test('several values of an axis are several loads', () => {
  const { settings = [] } = parseGatewayOptions({ size: '100kB,1.5MB', rtt: '0,20' });
  expect(settings.map(({ bodyBytes, roundTripMs }) => [bodyBytes, roundTripMs])).toEqual([
    [100_000, 0],
    [100_000, 20],
    [1_500_000, 0],
    [1_500_000, 20],
  ]);
});

test('the full product of the axes is 54 loads, fewer when an axis is named', () => {
  expect(parseGatewayOptions({ product: true }).settings).toHaveLength(54);
  expect(parseGatewayOptions({ product: true, rtt: '80' }).settings).toHaveLength(18);
});

test('profiles and rounds change no load', () => {
  expect(parseGatewayOptions({ profiles: 'auto,http1-fresh', rounds: '5' })).toEqual({
    profiles: ['auto', 'http1-fresh'],
    rounds: 5,
  });
});

test.each([
  [{ size: '3GB' }, '--size does not know "3GB"'],
  [{ size: '0kB' }, '--size does not know "0kB"'],
  [{ rtt: '-1' }, '--rtt must be a whole number from 0 to 2000'],
  [{ window: '64' }, '--window does not know "64"'],
  [{ 'at-once': '0' }, '--at-once must be a whole number from 1 to 64'],
  [{ rtt: '80', bandwidth: '0' }, '--bandwidth must be a whole number'],
  [{ rtt: '0', bandwidth: '100' }, '--bandwidth is that of the road'],
  [{ profiles: 'fast' }, '--profiles does not know "fast"'],
  [{ rounds: 'many' }, '--rounds must be a whole number'],
])('%j is refused by name', (options, message) => {
  expect(() => parseGatewayOptions(options)).toThrow(message);
});
