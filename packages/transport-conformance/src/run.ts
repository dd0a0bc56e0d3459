import { createLoopbackCertificate, type LoopbackCertificate } from '@ferry/upstream-sim/peers';
import { beforeAll, describe } from 'vitest';
import { faultSuite } from './faults/fault-suite.ts';
import type { MakeTransport, TransportClaims } from './subject.ts';

/** Runs the whole suite against one transport. Call it at the top of a test file. */
export function runTransportConformance(name: string, make: MakeTransport, claims: TransportClaims): void {
  let made: LoopbackCertificate | undefined;
  const certificate = (): LoopbackCertificate => {
    if (made === undefined) throw new Error('the certificate is made before the first test');
    return made;
  };
  beforeAll(async () => {
    made = await createLoopbackCertificate();
  });
  describe(`${name}: the fault table`, () => faultSuite(name, make, claims, certificate));
}
