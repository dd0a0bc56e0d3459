import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { listOf, wholeNumber } from '../options.ts';
import { CELLS, type Cell, LARGE_TOGETHER, parseCell, SMALL_ALONE } from './cell.ts';
import type { SinkKind } from './processes.ts';
import { DEFAULT_VARIANTS, isVariant, QUICK_VARIANTS, type VariantName } from './variants.ts';

export interface TransportOptions {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly cells: readonly Cell[];
  readonly variants: readonly VariantName[];
  /** A module that exports another build of `createUndiciTransport` or, for `http1-pooled-baseline`, `createHttp1Transport`. */
  readonly baseline: string | undefined;
  /** Which of the sinks is uploaded to. */
  readonly server: SinkKind;
  /** Where the figures go as JSON. */
  readonly json: string | undefined;
}

/** Reads the command line of the comparison. Throws an error that names the option. */
export function parseOptions(args: readonly string[]): TransportOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      'measure-ms': { type: 'string' },
      'warm-up-ms': { type: 'string' },
      cells: { type: 'string' },
      variants: { type: 'string' },
      baseline: { type: 'string' },
      server: { type: 'string', default: 'frames' },
      json: { type: 'string' },
    },
  });
  const { quick, baseline } = values;
  const variants = variantsOf(values.variants, quick);
  return {
    rounds: wholeNumber('rounds', values.rounds ?? (quick ? '2' : '5'), 1, 50),
    measureMs: wholeNumber('measure-ms', values['measure-ms'] ?? (quick ? '600' : '1000'), 100, 30_000),
    warmUpMs: wholeNumber('warm-up-ms', values['warm-up-ms'] ?? (quick ? '1000' : '2000'), 0, 30_000),
    cells: cellsOf(values.cells, quick),
    variants: baseline === undefined ? variants : withBaseline(variants),
    baseline: baseline === undefined ? undefined : pathToFileURL(resolve(baseline)).href,
    server: serverOf(values.server),
    json: values.json,
  };
}

function cellsOf(text: string | undefined, quick: boolean): readonly Cell[] {
  if (text !== undefined) return listOf('cells', text, parseCell);
  return quick ? [SMALL_ALONE, LARGE_TOGETHER] : CELLS;
}

function variantsOf(text: string | undefined, quick: boolean): readonly VariantName[] {
  if (text !== undefined) return listOf('variants', text, (name) => (isVariant(name) ? name : undefined));
  return quick ? QUICK_VARIANTS : DEFAULT_VARIANTS;
}

function serverOf(text: string): SinkKind {
  if (text !== 'frames' && text !== 'node') throw new Error(`--server does not know "${text}"`);
  return text;
}

function withBaseline(variants: readonly VariantName[]): readonly VariantName[] {
  const asked = variants.some((name) => name.endsWith('-baseline'));
  return asked ? variants : [...variants, 'undici-pooled-baseline'];
}
