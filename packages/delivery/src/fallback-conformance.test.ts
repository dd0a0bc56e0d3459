import { runTransportConformance } from '@ferry/transport-conformance';
import { make } from './testing/fallback-subject.ts';

runTransportConformance('fallback', make, {
  protocol: 'h2',
  fallsBack: true,
  brief: true,
  module: new URL('./testing/fallback-subject.ts', import.meta.url).href,
});
