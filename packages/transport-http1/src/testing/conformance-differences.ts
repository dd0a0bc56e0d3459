import type { Difference } from '@ferry/transport-conformance';

const EARLY =
  'RFC 9112 section 9.6: the rest of the upload is not sent, so the connection cannot carry another message';

/** Where HTTP/1.1 cannot do what the fault table says, whatever road leads to the peer. */
export const DIFFERENCES: readonly Difference[] = [
  { row: 30, profiles: ['POOLED'], expect: { connection: 'retire' }, because: EARLY },
  { row: 31, profiles: ['POOLED'], expect: { connection: 'retire' }, because: EARLY },
  {
    row: 38,
    expect: { outcome: 'fails', delivery: ['unknown'], kinds: ['timeout'], connection: 'retire' },
    because:
      'HTTP/1.1 has no PING: TCP keep-alive proves idle connections, and a proxy answers that by itself',
  },
];
