import { rawH1Peer, rawH2Peer, tcpProxy } from '@ferry/upstream-sim/peers';
import { runChild } from '../child/run-child.ts';
import type { ProfileName } from '../expectation.ts';
import type { Group } from '../groups/group.ts';
import { CRAWL_BYTES, type CrawlLine } from './crawl-line.ts';
import { megabytes } from './growth.ts';

/** Row 45. The sender feels how narrow it is. */
const ROAD = { sliceBytes: 1, bytesPerSecond: 40_000, queueBytes: 16_384 };
/** Enough samples of a crawl, and enough of it. */
const SAMPLES = 5;
const CRAWLED_BYTES = 48_000;

/** More than a transport needs (a few slices of 256 KiB and a library's buffers), a quarter of what a careless one holds. */
const MOST_WHILE_CRAWLING = 16_000_000;
/** What may be left of an upload that is over. */
const MOST_AFTERWARDS = 4_000_000;

export interface CrawlResult {
  readonly findings: readonly string[];
  /** The figures, in words. */
  readonly measured: string;
}

/**
 * One upload of 64 MB at one byte a segment and 40 KB/s: while it crawls the client's memory is looked at, then the road is
 * widened and the upload arrives. Client and peer are different processes.
 */
export async function crawl(
  { claims, certificate }: Pick<Group, 'claims' | 'certificate'>,
  profile: ProfileName,
): Promise<CrawlResult> {
  const { caPem } = certificate();
  const peer = await (claims.protocol === 'h2' ? rawH2Peer : rawH1Peer)({ certificate: certificate() });
  const proxy = await tcpProxy({ to: peer.url, toUpstream: ROAD, toClient: ROAD });
  try {
    let samples = 0;
    const crawling = (): boolean => samples < SAMPLES || (peer.requests[1]?.bytes ?? 0) < CRAWLED_BYTES;
    const look = (): void => {
      if (!crawling()) proxy.widen();
    };
    void peer.until(() => (peer.requests[1]?.bytes ?? 0) >= CRAWLED_BYTES).then(look);
    const end = await runChild({
      script: new URL('./crawl-child.ts', import.meta.url),
      args: [claims.module, profile, proxy.url.href, caPem],
      flags: ['--expose-gc'],
      onOutput(out) {
        samples = out.split('\n').length - 2;
        look();
      },
    });
    if (end.type === 'finding') return { findings: [end.finding], measured: '' };
    return judge(end.out, peer.requests[1]?.bytes ?? 0);
  } finally {
    await proxy.close();
    await peer.close();
  }
}

function judge(out: string, arrived: number): CrawlResult {
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as CrawlLine);
  const [start, ...rest] = lines;
  const end = rest.pop();
  if (start?.say !== 'start' || end?.say !== 'end') return { findings: [`it said ${out}`], measured: '' };
  const most = Math.max(...rest.map(({ held }) => held)) - start.held;
  const left = end.held - start.held;
  const findings: string[] = [];
  if (end.outcome !== 'answered 200') findings.push(`should be answered 200, ${end.outcome}`);
  if (arrived !== CRAWL_BYTES) findings.push(`the peer has ${arrived} of ${CRAWL_BYTES} bytes`);
  if (rest.length < SAMPLES) findings.push(`only ${rest.length} samples were taken`);
  if (most > MOST_WHILE_CRAWLING) findings.push(`it held ${megabytes(most)} for a road that takes nothing`);
  if (left > MOST_AFTERWARDS) findings.push(`it held ${megabytes(left)} after the upload`);
  const measured =
    `${megabytes(start.held)} before, ${megabytes(most)} more at most while ${megabytes(CRAWL_BYTES)} crawled ` +
    `(${rest.length} samples), ${megabytes(left)} more afterwards`;
  return { findings, measured };
}
