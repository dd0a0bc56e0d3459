import { FRESH, POOLED, PREWARMED, type ReusePolicy } from '@ferry/core';
import type { ProfileName } from '../expectation.ts';

export const POLICIES: Readonly<Record<ProfileName, ReusePolicy>> = { FRESH, PREWARMED, POOLED };

export const PROFILES: readonly ProfileName[] = ['FRESH', 'PREWARMED', 'POOLED'];
