import { runTransportConformance } from '@ferry/transport-conformance';
import { DIFFERENCES } from './testing/conformance-differences.ts';
import { make } from './testing/conformance-subject.ts';

runTransportConformance('http1 by proxy', make, {
  protocol: 'http/1.1',
  module: new URL('./testing/conformance-subject.ts', import.meta.url).href,
  road: 'proxy',
  brief: true,
  differences: [
    ...DIFFERENCES,
    {
      row: 1,
      expect: { kinds: ['connect'] },
      because: 'the proxy resolves the name, and its 502 does not say what went wrong',
    },
  ],
});
