/** The processes around a gateway: its upstream, and the road between the two. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { adopt, messageFrom, START_MS, startProgram, stopChild } from '../children/child.ts';
import { sharedCompileCache } from '../children/compile-cache.ts';
import { temporaryFolder } from '../children/temporary-folder.ts';
import type { Distance } from '../transports/distance.ts';

const LARGE_WINDOW = 1024 * 1024;

/** The simulated upstream with its image work switched off. */
export interface UpstreamProcess {
  readonly url: string;
  readonly controlUrl: string;
  readonly caPem: string;
  stop(): Promise<void>;
}

/** @param windowBytes what an HTTP/2 stream may send before it must wait. */
export async function startUpstream(windowBytes: number): Promise<UpstreamProcess> {
  const cli = fileURLToPath(import.meta.resolve('@ferry/upstream-sim/cli'));
  // Node's own default has a connection window as small as that of a stream.
  const connectionWindow = windowBytes < LARGE_WINDOW ? windowBytes : 16 * windowBytes;
  const windows = ['--stream-window', String(windowBytes), '--connection-window', String(connectionWindow)];
  const args = [cli, '--parent-watch', '--without-image-work', ...windows];
  // Its spool is there: it has no time to remove it when it is killed.
  const folder = await temporaryFolder();
  const env = { ...process.env, ...sharedCompileCache(), TMPDIR: folder.path };
  const running = spawn(process.execPath, args, { stdio: 'pipe', env });
  const child = adopt(running);
  const stop = async (): Promise<void> => {
    await stopChild(child, () => running.stdin.end());
    await folder[Symbol.asyncDispose]();
  };
  try {
    const late = AbortSignal.timeout(START_MS);
    const lines = createInterface({ input: running.stdout });
    const [line] = await Promise.race([
      once(lines, 'line', { signal: late }),
      once(lines, 'close', { signal: late }),
    ]);
    if (line === undefined) throw new Error(`the upstream ended before it was ready: ${child.complaint()}`);
    return { ...(JSON.parse(String(line)) as Omit<UpstreamProcess, 'stop'>), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Connections that the upstream has accepted since its start. */
export async function connectionsOpened({
  controlUrl,
}: Pick<UpstreamProcess, 'controlUrl'>): Promise<number> {
  const answer = await fetch(new URL('/health', controlUrl), { signal: AbortSignal.timeout(START_MS) });
  return ((await answer.json()) as { connections: { opened: number } }).connections.opened;
}

export interface RoadProcess {
  /** As the address it leads to, with the road's own port. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Puts `to` a distance away, in a process of its own: its work must not count as anybody else's. */
export async function startRoad(to: string, distance: Distance): Promise<RoadProcess> {
  const child = startProgram('gateway/road-process', [to, JSON.stringify(distance)]);
  const stop = (): Promise<void> => stopChild(child, () => child.process.kill('SIGKILL'));
  try {
    return { url: await messageFrom(child, 'the road', START_MS, String), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
