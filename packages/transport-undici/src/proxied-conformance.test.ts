import { runTransportConformance } from '@ferry/transport-conformance';
import { make } from './testing/conformance-subject.ts';

runTransportConformance('undici by proxy', make, {
  protocol: 'h2',
  module: new URL('./testing/conformance-subject.ts', import.meta.url).href,
  road: 'proxy',
  brief: true,
  differences: [
    {
      row: 1,
      expect: { kinds: ['connect'] },
      because: 'the proxy resolves the name, and its 502 does not say what went wrong',
    },
  ],
});
