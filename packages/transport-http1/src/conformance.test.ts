import { runTransportConformance } from '@ferry/transport-conformance';
import { DIFFERENCES } from './testing/conformance-differences.ts';
import { make } from './testing/conformance-subject.ts';

runTransportConformance('http1', make, {
  protocol: 'http/1.1',
  module: new URL('./testing/conformance-subject.ts', import.meta.url).href,
  differences: DIFFERENCES,
});
