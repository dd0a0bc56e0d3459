import { runTransportConformance } from '@ferry/transport-conformance';
import { make } from './testing/conformance-subject.ts';

runTransportConformance('undici', make, {
  protocol: 'h2',
  module: new URL('./testing/conformance-subject.ts', import.meta.url).href,
});
