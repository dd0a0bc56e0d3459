import { listOf, wholeNumber } from '../options.ts';
import { AXES, CENTRE, type GatewaySetting } from './design.ts';
import { isProfile, type ProfileName } from './profiles.ts';

/** As they stand on the command line, for `parseArgs`. */
export const GATEWAY_OPTIONS = {
  size: { type: 'string' },
  rtt: { type: 'string' },
  window: { type: 'string' },
  'at-once': { type: 'string' },
  bandwidth: { type: 'string' },
  profiles: { type: 'string' },
  rounds: { type: 'string' },
  product: { type: 'boolean' },
} as const;

type GatewayValues = {
  readonly [name in Exclude<keyof typeof GATEWAY_OPTIONS, 'product'>]?: string | undefined;
} & {
  readonly product?: boolean | undefined;
};

/** What of the gateway's plan the command line decides. */
export interface OwnPoints {
  readonly settings?: readonly GatewaySetting[];
  readonly profiles?: readonly ProfileName[];
  readonly rounds?: number;
  readonly bytesPerSecond?: number;
}

/** Names of the options that were given. */
export function givenGatewayOptions(values: GatewayValues): string[] {
  return Object.keys(GATEWAY_OPTIONS).filter((name) => values[name as keyof GatewayValues] !== undefined);
}

/**
 * The loads that somebody asks for: every value of each axis with every value of the others. An axis that is not named stays at the
 * centre of the design; with `product` it takes all its values.
 * @throws Error that names the option.
 */
export function parseGatewayOptions(values: GatewayValues): OwnPoints {
  const { size, rtt, window, 'at-once': together, bandwidth, profiles, rounds, product = false } = values;
  const axis = (
    text: string | undefined,
    name: keyof typeof AXES,
    parse: (text: string) => readonly number[],
  ): readonly number[] => {
    if (text !== undefined) return parse(text);
    return product ? AXES[name] : [CENTRE[name]];
  };
  const numbers = (name: string, min: number, max: number) => (text: string) =>
    text.split(',').map((item) => wholeNumber(name, item, min, max));
  const bodies = axis(size, 'bodyBytes', (text) => listOf('size', text, (item) => bytesOf(item, 1_000)));
  const trips = axis(rtt, 'roundTripMs', numbers('rtt', 0, 2_000));
  const windows = axis(window, 'windowBytes', (text) =>
    listOf('window', text, (item) => bytesOf(item, 1_024)),
  );
  const atOnces = axis(together, 'atOnce', numbers('at-once', 1, 64));
  if (bandwidth !== undefined && trips.every((ms) => ms === 0)) {
    throw new Error('--bandwidth is that of the road, which there is only with --rtt above 0');
  }
  const own = product || [size, rtt, window, together].some((text) => text !== undefined);
  return {
    ...(own && {
      settings: bodies.flatMap((bodyBytes) =>
        trips.flatMap((roundTripMs) =>
          windows.flatMap((windowBytes) =>
            atOnces.map((atOnce) => ({ bodyBytes, roundTripMs, windowBytes, atOnce })),
          ),
        ),
      ),
    }),
    ...(profiles !== undefined && {
      profiles: listOf('profiles', profiles, (name) => (isProfile(name) ? name : undefined)),
    }),
    ...(rounds !== undefined && { rounds: wholeNumber('rounds', rounds, 1, 50) }),
    ...(bandwidth !== undefined && {
      bytesPerSecond: (wholeNumber('bandwidth', bandwidth, 1, 100_000) * 1_000_000) / 8,
    }),
  };
}

/** What the gateway takes by default, `upload.max_file_mb`. */
const LARGEST_BYTES = 20_000_000;

/** `64kB`, `1.5MB`. @param thousand 1,000 for files, 1,024 for windows, as each is counted. */
function bytesOf(text: string, thousand: number): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(kB|MB)$/.exec(text);
  const bytes = Math.round(Number(match?.[1]) * (match?.[2] === 'kB' ? thousand : thousand ** 2));
  return bytes >= thousand && bytes <= LARGEST_BYTES ? bytes : undefined;
}
