import { createLoopbackCertificate, type LoopbackCertificate } from '@ferry/upstream-sim/peers';
import { afterAll, beforeAll, describe } from 'vitest';
import { churn } from './churn/churn.ts';
import { caseCount, faultSuite } from './faults/fault-suite.ts';
import { aborts } from './groups/aborts.ts';
import { addresses } from './groups/addresses.ts';
import { bodies } from './groups/bodies.ts';
import { closing } from './groups/closing.ts';
import type { Group } from './groups/group.ts';
import { limits } from './groups/limits.ts';
import { memory } from './groups/memory.ts';
import { prepare } from './groups/prepare.ts';
import { reuse } from './groups/reuse.ts';
import { type CaseReport, type ChurnReport, writeReport } from './report/report.ts';
import { PROFILES } from './stage/profiles.ts';
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
  const { road = 'direct' } = claims;
  const full = road === 'direct' || process.env.FERRY_CONFORMANCE_PROXY === 'full';
  // POOLED has the most to lose on a road that somebody else keeps: its connections live longest.
  const group: Group = { name, make, claims, certificate, profiles: full ? PROFILES : ['POOLED'] };
  const cases: CaseReport[] = [];
  let churned: ChurnReport | undefined;
  const expected = caseCount(claims.protocol, group.profiles);
  const onCase = (report: CaseReport) => void cases.push(report);
  describe(`${name}: the fault table`, () => faultSuite(group, onCase));
  if (full) {
    describe(`${name}: bodies`, () => bodies(group));
    describe(`${name}: reuse`, () => reuse(group));
    describe(`${name}: prepare`, () => prepare(group));
    describe(`${name}: limits`, () => limits(group));
    describe(`${name}: closing`, () => closing(group));
    describe(`${name}: churn`, () =>
      churn(group, (report) => {
        churned = report;
      }));
  }
  // A proxy resolves the names itself, and in processes of their own whoever leads to the peer is nothing to them.
  if (road === 'direct') {
    describe(`${name}: addresses`, () => addresses(group));
    describe(`${name}: aborts`, () => aborts(group, onCase));
    describe(`${name}: memory`, () => memory(group, onCase));
  }
  afterAll(async () => {
    const { protocol } = claims;
    const at = new Date().toISOString();
    await writeReport(name, {
      // A run filtered to a few rows has nothing to say about the matrix.
      ...(cases.length > expected / 2 ? { cases: { transport: name, protocol, at, cases } } : {}),
      ...(churned === undefined ? {} : { churn: churned }),
    });
  });
}
