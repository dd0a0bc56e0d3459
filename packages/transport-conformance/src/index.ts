export type { Expectation, ProfileName } from './expectation.ts';
export type { FaultCase } from './faults/fault-case.ts';
export { FAULT_TABLE } from './faults/table.ts';
export { runTransportConformance } from './run.ts';
export type {
  ConformancePoolEvent,
  Difference,
  KnownFailure,
  MakeTransport,
  Road,
  SubjectOptions,
  TransportClaims,
} from './subject.ts';
