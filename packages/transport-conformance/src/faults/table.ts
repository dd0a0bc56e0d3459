import { ABORTS } from './aborts.ts';
import { BODY_SOURCE } from './body-source.ts';
import { CONNECTING } from './connecting.ts';
import { CONNECTION_LOSS } from './connection-loss.ts';
import { EARLY_ANSWERS } from './early-answer.ts';
import { ENGINE } from './engine.ts';
import { FALLING_BACK } from './falling-back.ts';
import type { FaultCase } from './fault-case.ts';
import { FLOW } from './flow.ts';
import { GOING_AWAY } from './going-away.ts';
import { REFUSED } from './refused.ts';
import { RESETS } from './resets.ts';

/** The fault table: every row, in order, each with the cases that produce it. */
export const FAULT_TABLE: readonly FaultCase[] = [
  ...CONNECTING,
  ...REFUSED,
  ...GOING_AWAY,
  ...RESETS,
  ...EARLY_ANSWERS,
  ...CONNECTION_LOSS,
  ...FLOW,
  ...ABORTS,
  ...ENGINE,
  ...BODY_SOURCE,
  ...FALLING_BACK,
].sort((a, b) => a.row - b.row);

/** Rows of the design's table. */
export const LAST_ROW = 56;
