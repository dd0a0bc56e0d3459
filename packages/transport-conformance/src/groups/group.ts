import type { LoopbackCertificate } from '@ferry/upstream-sim/peers';
import { expect } from 'vitest';
import type { ProfileName } from '../expectation.ts';
import { Stage, type StageOptions } from '../stage/stage.ts';
import type { MakeTransport, TransportClaims } from '../subject.ts';

/** What a group of tests is about. */
export interface Group {
  readonly name: string;
  readonly make: MakeTransport;
  readonly claims: TransportClaims;
  /** The profiles that play the fault table. */
  readonly profiles: readonly ProfileName[];
  /** Made before the first test. */
  readonly certificate: () => LoopbackCertificate;
}

type Setting = Omit<Partial<StageOptions>, 'make' | 'protocol' | 'fallsBack' | 'certificate'> & {
  readonly profile: ProfileName;
};

/** Plays one test on a stage of its own, and fails when anything is left behind. */
export async function play(
  group: Group,
  setting: Setting,
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  const { make, claims, certificate } = group;
  const stage = await Stage.open({
    make,
    protocol: claims.protocol,
    fallsBack: claims.fallsBack,
    road: claims.road,
    certificate: certificate(),
    ...setting,
  });
  try {
    await act(stage);
  } finally {
    await stage[Symbol.asyncDispose]();
  }
  expect(stage.findings).toEqual([]);
}
