import { createLoopbackCertificate, type LoopbackCertificate } from '@ferry/upstream-sim/peers';
import { beforeAll, describe } from 'vitest';
import { faultSuite } from './faults/fault-suite.ts';
import { bodies } from './groups/bodies.ts';
import { closing } from './groups/closing.ts';
import { limits } from './groups/limits.ts';
import { reuse } from './groups/reuse.ts';
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
  const group = { name, make, claims, certificate };
  describe(`${name}: the fault table`, () => faultSuite(group));
  describe(`${name}: bodies`, () => bodies(group));
  describe(`${name}: reuse`, () => reuse(group));
  describe(`${name}: limits`, () => limits(group));
  describe(`${name}: closing`, () => closing(group));
}
