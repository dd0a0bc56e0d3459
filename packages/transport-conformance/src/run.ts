import { createLoopbackCertificate, type LoopbackCertificate } from '@ferry/upstream-sim/peers';
import { afterAll, beforeAll, describe } from 'vitest';
import { churn } from './churn/churn.ts';
import { caseCount, faultSuite, notApplicable } from './faults/fault-suite.ts';
import { ABORTS_ALONE, aborts } from './groups/aborts.ts';
import { addresses } from './groups/addresses.ts';
import { bodies } from './groups/bodies.ts';
import { closing } from './groups/closing.ts';
import type { Group } from './groups/group.ts';
import { limits } from './groups/limits.ts';
import { MEMORY_ALONE, memory } from './groups/memory.ts';
import { prepare } from './groups/prepare.ts';
import { reuse } from './groups/reuse.ts';
import { writeReport } from './report/report.ts';
import type { CaseReport, ChurnReport } from './report/transport-report.ts';
import { PROFILES } from './stage/profiles.ts';
import type { MakeTransport, TransportClaims } from './subject.ts';

/** What is played in processes of their own, where it is not. */
function alone({ profiles }: Group): CaseReport[] {
  const notes = ['in processes of their own: on the direct road, and where everything is played'];
  return profiles.flatMap((profile) =>
    [ABORTS_ALONE, MEMORY_ALONE].map((one) => ({ ...one, profile, result: 'n/a', observed: '', notes })),
  );
}

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
  const full = claims.brief !== true || process.env.FERRY_CONFORMANCE === 'full';
  // POOLED has the most to lose on a road that somebody else keeps, and by a mark: its connections live longest.
  const group: Group = { name, make, claims, certificate, profiles: full ? PROFILES : ['POOLED'] };
  const cases: CaseReport[] = [...notApplicable(claims, group.profiles)];
  let churned: ChurnReport | undefined;
  const expected = caseCount(claims, group.profiles);
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
  if (full && road === 'direct') {
    describe(`${name}: addresses`, () => addresses(group));
    describe(`${name}: aborts`, () => aborts(group, onCase));
    describe(`${name}: memory`, () => memory(group, onCase));
  }
  if (!full || road === 'proxy') cases.push(...alone(group));
  afterAll(async () => {
    const { protocol } = claims;
    const { profiles } = group;
    const at = new Date().toISOString();
    const played = cases.filter(({ result }) => result !== 'n/a').length;
    await writeReport(name, {
      // A run filtered to a few rows has nothing to say about the matrix.
      ...(played > expected / 2 ? { cases: { transport: name, protocol, profiles, at, cases } } : {}),
      ...(churned === undefined ? {} : { churn: churned }),
    });
  });
}
