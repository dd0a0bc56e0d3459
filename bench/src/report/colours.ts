import { COLOUR_COUNT } from '../svg/style.ts';

/** The same client has the same colour in every chart, and within one picture no two have the same. */
const COLOURS: Readonly<Record<string, number>> = {
  'undici-fresh': 0,
  'undici-prewarmed': 1,
  'undici-pooled': 2,
  'http1-fresh': 3,
  'http1-keepalive': 4,
  'http1-pooled': 4,
  auto: 10,
  direct: 6,
  'raw-h2': 6,
  'raw-h2-fresh': 6,
  'raw-https': 9,
  h2load: 10,
  'undici-agent': 7,
  'undici-client': 5,
  fetch: 8,
  got: 11,
  axios: 12,
};

/** Grey, where the question is only whether it is one of ours. */
export const PEER_COLOUR = 6;

export function colourOf(variant: string): number {
  return COLOURS[variant] ?? variant.length % COLOUR_COUNT;
}
