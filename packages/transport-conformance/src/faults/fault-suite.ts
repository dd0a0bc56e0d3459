import { describe, expect, test } from 'vitest';
import type { Expectation, ProfileName } from '../expectation.ts';
import type { Group } from '../groups/group.ts';
import type { CaseReport } from '../report/transport-report.ts';
import { PROFILES } from '../stage/profiles.ts';
import type { Difference, KnownFailure, TransportClaims } from '../subject.ts';
import { type Column, whyNot } from './applies.ts';
import type { FaultCase } from './fault-case.ts';
import { type CaseResult, runCase } from './run-case.ts';
import { FAULT_TABLE } from './table.ts';

type Kind = Pick<TransportClaims, 'protocol' | 'fallsBack'>;

const columnOf = ({ protocol, fallsBack = false }: Kind, profile: ProfileName): Column => ({
  protocol,
  fallsBack,
  profile,
});

function casesFor(kind: Kind, profile: ProfileName): readonly FaultCase[] {
  return FAULT_TABLE.filter((fault) => whyNot(fault, columnOf(kind, profile)) === undefined);
}

/** Cases that a run of these profiles plays. */
export function caseCount(kind: Kind, profiles: readonly ProfileName[]): number {
  return profiles.reduce((sum, profile) => sum + casesFor(kind, profile).length, 0);
}

/** The cells of the matrix that such a transport has not, each with its reason. */
export function notApplicable(kind: Kind, profiles: readonly ProfileName[]): readonly CaseReport[] {
  return profiles.flatMap((profile) =>
    FAULT_TABLE.flatMap((fault) => {
      const because = whyNot(fault, columnOf(kind, profile));
      const { row, title } = fault;
      return because === undefined
        ? []
        : [{ row, title, profile, result: 'n/a' as const, observed: '', notes: [because] }];
    }),
  );
}

/** Plays the whole fault table against one transport. */
export function faultSuite(
  { make, claims, profiles, certificate }: Group,
  onCase: (report: CaseReport) => void,
): void {
  const { protocol, fallsBack, road, differences = [], knownFailures = [] } = claims;
  const needed = new Set<Difference | KnownFailure>();

  describe.each(profiles)('%s', (profile) => {
    const cases = casesFor(claims, profile);
    test.each(cases.map((fault) => [fault.row, fault.title, fault] as const))(
      'row %i: %s',
      async (row, title, fault) => {
        const run = { make, protocol, fallsBack, profile, road, certificate: certificate() };
        const result = await runCase(fault, run);
        const concerns = (claim: Difference | KnownFailure): boolean =>
          claim.row === row && (claim.profiles ?? PROFILES).includes(profile);
        const verdict = judge(fault, result, differences.filter(concerns), knownFailures.filter(concerns));
        if (verdict.claim !== undefined) needed.add(verdict.claim);
        const { observed } = result;
        onCase({ row, title, profile, result: verdict.result, observed, notes: verdict.notes });
        expect(verdict.result === 'fails' ? verdict.notes : []).toEqual([]);
      },
    );
  });

  test('every declared difference and known failure is one', () => {
    const played = (claim: Difference | KnownFailure): boolean =>
      (claim.profiles ?? profiles).some((profile) => profiles.includes(profile));
    const idle = [...differences, ...knownFailures].filter((claim) => played(claim) && !needed.has(claim));
    expect(idle.map(({ row, because }) => `row ${row}: ${because}`)).toEqual([]);
  });
}

interface Verdict {
  readonly result: CaseReport['result'];
  readonly notes: readonly string[];
  /** The claim without which it would fail. */
  readonly claim?: Difference | KnownFailure;
}

/** Pure. */
function judge(
  fault: FaultCase,
  result: CaseResult,
  differences: readonly Difference[],
  knownFailures: readonly KnownFailure[],
): Verdict {
  const expected: Expectation | undefined = 'expect' in fault ? fault.expect : undefined;
  const against = (part: Partial<Expectation>): readonly string[] =>
    expected === undefined ? [] : result.disagreements({ ...expected, ...part });
  const plain = [...result.findings, ...against({})];
  if (plain.length === 0) {
    return fault.differs === undefined
      ? { result: 'passes', notes: [] }
      : { result: 'differs', notes: [fault.differs] };
  }
  const difference = differences.find(
    (claim) => result.findings.length === 0 && against(claim.expect).length === 0,
  );
  if (difference !== undefined) return { result: 'differs', notes: [difference.because], claim: difference };
  const [known] = knownFailures;
  if (known !== undefined) return { result: 'known', notes: [known.because, ...plain], claim: known };
  return { result: 'fails', notes: plain };
}
