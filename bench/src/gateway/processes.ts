/** The processes around a gateway: its upstream, and the road between the two. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { program } from '../program.ts';
import type { Distance } from '../transports/distance.ts';

const START_MS = 20_000;
const STOP_MS = 5_000;
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
  const child = spawn(process.execPath, [cli, '--parent-watch', '--without-image-work', ...windows], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.stdin.end();
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(kill);
  };
  try {
    const late = AbortSignal.timeout(START_MS);
    const [line] = await once(createInterface({ input: child.stdout }), 'line', { signal: late });
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
  const answer = await fetch(new URL('/health', controlUrl));
  return ((await answer.json()) as { connections: { opened: number } }).connections.opened;
}

export interface RoadProcess {
  /** As the address it leads to, with the road's own port. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Puts `to` a distance away, in a process of its own: its work must not count as anybody else's. */
export async function startRoad(to: string, distance: Distance): Promise<RoadProcess> {
  const child = fork(program('gateway/road-process'), [to, JSON.stringify(distance)]);
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  try {
    const [url] = await once(child, 'message', { signal: AbortSignal.timeout(START_MS) });
    return { url: String(url), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
