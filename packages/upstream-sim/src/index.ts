export type { Answer, Work } from './api/answer.ts';
export type { ApiLimits } from './api/api-limits.ts';
export { MODELS } from './api/edits-endpoint.ts';
export { keyAlias } from './api/key-alias.ts';
export { OPENAI_MODELS } from './api/openai-edits.ts';
export { createLoopbackCertificate, type LoopbackCertificate } from './certificate.ts';
export {
  type Fault,
  type FaultRule,
  H2_CODES,
  type H2Code,
  type Match,
  type Moment,
} from './faults/fault.ts';
export type { FaultQueue, QueuedFault } from './faults/fault-queue.ts';
export { SCENARIO_NAMES, SCENARIOS, type Scenario, type ScenarioName } from './faults/scenario.ts';
export { type Edit, type EditedImage, type EditInput, ImageEditor } from './image/image-editor.ts';
export type { AppliedFault, Ledger, LedgerEntry, LedgerQuery, Outcome, Protocol } from './ledger.ts';
export { type ApiShape, createSimulator, type Simulator, type SimulatorOptions } from './simulator.ts';
export type { Http2Settings, Protocols } from './wire/secure-server.ts';
