import { runTransportConformance } from '@ferry/transport-conformance';
import { make } from './testing/conformance-subject.ts';

const EARLY =
  'RFC 9112 section 9.6: the rest of the upload is not sent, so the connection cannot carry another message';

runTransportConformance('http1', make, {
  protocol: 'http/1.1',
  module: new URL('./testing/conformance-subject.ts', import.meta.url).href,
  differences: [
    { row: 30, profiles: ['POOLED'], expect: { connection: 'retire' }, because: EARLY },
    { row: 31, profiles: ['POOLED'], expect: { connection: 'retire' }, because: EARLY },
    {
      row: 38,
      expect: { outcome: 'fails', delivery: ['unknown'], kinds: ['timeout'], connection: 'retire' },
      because:
        'HTTP/1.1 has no PING: TCP keep-alive proves idle connections, and a proxy answers that by itself',
    },
  ],
});
