import { h2loadVersion } from '../results/machine.ts';
import type { VariantName } from './variants.ts';

/** Those that this machine has. @param say told in a line what is left out, and why. */
export function installedOf(
  variants: readonly VariantName[],
  say: (line: string) => void,
): readonly VariantName[] {
  if (!variants.includes('h2load') || h2loadVersion() !== undefined) return variants;
  say('h2load is left out, it is not installed (Debian: nghttp2-client)');
  return variants.filter((variant) => variant !== 'h2load');
}
