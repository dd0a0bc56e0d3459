import { startFerry } from '../ferry-process.ts';
import { type EncodedForm, encodeForm } from '../form.ts';
import { photograph } from '../gateway/photograph.ts';
import { startUpstream, type UpstreamProcess } from '../gateway/processes.ts';
import { pacedUpload } from '../paced-upload.ts';
import { median } from '../report.ts';
import type { NamedRow } from '../results/named-row.ts';
import { inRounds } from '../transports/rounds.ts';
import { atMost, promised } from './row.ts';

const PROMISED_MS = 50;
const MEGABITS_A_SECOND = 10;
/** How long the simulator's control address may take. */
const CONTROL_MS = 20_000;
/** Enough to be uploaded while it comes in. */
const WARM_UP_BYTES = 500_000;

export interface CutThroughPlan {
  readonly rounds: number;
  /** Of the image; 5 is what was promised. */
  readonly megabytes: number;
}

interface Ledger {
  readonly entries: readonly { readonly bodyWholeAt?: number }[];
}

/**
 * How soon the upstream has the whole image after its client's last byte, with cut-through and without. The client sends at the pace
 * of its line; the simulator's ledger says when the upload's last byte arrived. Both read one machine's wall clock, in whole
 * milliseconds.
 */
export async function cutThroughRow({ rounds, megabytes }: CutThroughPlan): Promise<NamedRow> {
  await using away = new AsyncDisposableStack();
  const upstream = await startUpstream(1024 * 1024);
  away.defer(() => upstream.stop());
  const form = await encodeForm(await photograph(megabytes * 1_000_000));
  const small = await encodeForm(await photograph(WARM_UP_BYTES));
  const start = async (cutThrough: boolean): Promise<string> => {
    const ferry = await startFerry({ FERRY_UPLOAD__CUT_THROUGH: String(cutThrough) }, upstream);
    away.defer(() => ferry.stop());
    return ferry.url;
  };
  const [first, second] = await Promise.all([start(true), start(false)]);
  const urls = { with: first, without: second };
  const send = async (way: 'with' | 'without', { body, contentType }: EncodedForm): Promise<number> => {
    const signal = AbortSignal.timeout(CONTROL_MS);
    await fetch(new URL('/ledger', upstream.controlUrl), { method: 'DELETE', signal });
    const bytesPerSecond = (MEGABITS_A_SECOND * 1_000_000) / 8;
    const url = `${urls[way]}/api/v1/admin/img2img`;
    const sent = await pacedUpload(url, body, contentType, bytesPerSecond);
    const wholeAt = await onlyUpload(upstream);
    if (sent.status !== 200) throw new Error(`the gateway answered ${sent.status}`);
    return wholeAt - sent.lastByteAt;
  };
  // Discarded: the first request compiles code and opens the first connection.
  for (const way of ['with', 'without'] as const) await send(way, small);
  const measured = await inRounds(['with', 'without'] as const, rounds, (way) => send(way, form));
  return promised(
    'cut-through',
    `The upstream has ${megabytes} MB from a client at ${MEGABITS_A_SECOND} Mbit/s so soon after its last byte`,
    atMost(PROMISED_MS, 'ms'),
    measured.get('with') ?? [],
    `without cut-through ${median(measured.get('without') ?? []).toFixed(0)} ms; an upstream far away would make that the time of a whole upload`,
  );
}

async function onlyUpload({ controlUrl }: UpstreamProcess): Promise<number> {
  const signal = AbortSignal.timeout(CONTROL_MS);
  const answer = await fetch(new URL('/ledger?path=/v1/files', controlUrl), { signal });
  const { entries } = (await answer.json()) as Ledger;
  const [upload, ...others] = entries;
  if (upload?.bodyWholeAt === undefined || others.length > 0) {
    throw new Error(`${entries.length} uploads instead of one whole one`);
  }
  return upload.bodyWholeAt;
}
