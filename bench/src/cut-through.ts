/**
 * How soon the upstream has an image after its client's last byte: with cut-through (`upload.cut_through`) and without, A B A B. The
 * client sends at the pace of its line; the simulator's ledger says when the last byte of the upload arrived. Both read the
 * wall clock of one machine, in whole milliseconds.
 *
 *   pnpm --filter @ferry/bench run cut-through [--rounds 5] [--mbit 10] [--megabytes 5] [--json results.json]
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type FerryProcess, startFerry } from './ferry-process.ts';
import { noiseForm } from './form.ts';
import { wholeNumber } from './options.ts';
import { pacedUpload } from './paced-upload.ts';
import { markdownTable, median } from './report.ts';

/** What was promised: the upstream has the whole file so soon after the client's last byte. Milliseconds. */
const PROMISED_MS = 50;

const VARIANTS = [
  { name: 'with cut-through', cutThrough: true },
  { name: 'without', cutThrough: false },
] as const;

interface Sample {
  /** From the client's last byte to the upload's last byte at the upstream. */
  readonly gapMs: number;
  /** From the client's last byte to its answer. */
  readonly answerMs: number;
}

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    mbit: { type: 'string', default: '10' },
    megabytes: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
});
const rounds = wholeNumber('rounds', args.rounds, 1, 50);
const mbit = wholeNumber('mbit', args.mbit, 1, 10_000);
const megabytes = wholeNumber('megabytes', args.megabytes, 1, 19);

const form = await noiseForm(megabytes * 1_000_000);

async function run(ferry: FerryProcess): Promise<Sample> {
  await fetch(new URL('/ledger', ferry.controlUrl), { method: 'DELETE' });
  const url = `${ferry.url}/api/v1/admin/img2img`;
  const sent = await pacedUpload(url, form.body, form.contentType, (mbit * 1_000_000) / 8);
  const [upload, ...others] = await uploadsOf(ferry);
  const { bodyWholeAt } = upload ?? {};
  if (sent.status !== 200 || bodyWholeAt === undefined || others.length > 0) {
    throw new Error(`the gateway answered ${sent.status} after ${others.length + 1} uploads`);
  }
  return { gapMs: bodyWholeAt - sent.lastByteAt, answerMs: sent.answeredAt - sent.lastByteAt };
}

async function uploadsOf(ferry: FerryProcess): Promise<readonly { readonly bodyWholeAt?: number }[]> {
  const answer = await fetch(new URL('/ledger?path=/v1/files', ferry.controlUrl));
  return ((await answer.json()) as { entries: { bodyWholeAt?: number }[] }).entries;
}

const ferries: FerryProcess[] = [];
try {
  const results = new Map<string, Sample[]>(VARIANTS.map(({ name }) => [name, []]));
  for (const { cutThrough } of VARIANTS) {
    ferries.push(await startFerry({ FERRY_UPLOAD__CUT_THROUGH: String(cutThrough) }));
  }
  // Round 0 is discarded: the first requests compile code and open the first connections.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { name }] of VARIANTS.entries()) {
      const ferry = ferries[index];
      if (ferry === undefined) throw new Error(`no gateway ${name}`);
      const sample = await run(ferry);
      if (round > 0) results.get(name)?.push(sample);
    }
  }
  await report(results);
} finally {
  for (const ferry of ferries) await ferry.stop();
}

async function report(results: ReadonlyMap<string, readonly Sample[]>): Promise<void> {
  const spread = (values: readonly number[]): string =>
    `${median(values).toFixed(0)} (${Math.min(...values)}–${Math.max(...values)})`;
  process.stdout.write(
    markdownTable(
      [`${megabytes} MB at ${mbit} Mbit/s`, 'upstream whole after, ms', 'answer after, ms'],
      [...results].map(([name, samples]) => [
        name,
        spread(samples.map(({ gapMs }) => gapMs)),
        spread(samples.map(({ answerMs }) => answerMs)),
      ]),
    ),
  );
  const gap = median((results.get(VARIANTS[0].name) ?? []).map(({ gapMs }) => gapMs));
  const verdict = gap <= PROMISED_MS ? 'reached' : 'missed';
  process.stdout.write(
    `\nPromised: at most ${PROMISED_MS} ms with cut-through; ${verdict} with ${gap} ms (median of ${rounds}).\n`,
  );
  if (args.json !== undefined) {
    const setting = { rounds, mbit, megabytes, node: process.version };
    await writeFile(
      args.json,
      `${JSON.stringify({ setting, results: Object.fromEntries(results) }, null, 2)}\n`,
    );
  }
}
