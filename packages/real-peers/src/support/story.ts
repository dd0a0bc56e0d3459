import type { Random } from '@ferry/core';
import { tell } from './audit.ts';
import { runTraffic, type Traffic, type TrafficPlan } from './traffic.ts';
import { openUploadClient, type Road, type UploadTarget } from './upload-client.ts';

/** How long a story may take: it catches a hang, and leaves time on a busy machine. Milliseconds. */
export const PATIENCE_MS = 120_000;

export interface Story extends TrafficPlan {
  /** What is printed with its numbers. */
  readonly name: string;
  readonly server: UploadTarget;
  readonly road: Road;
  /** What back-off is drawn from; by default it always waits as long as it may. */
  readonly random?: Random;
}

export interface Played extends Traffic {
  /** Connections that the client opened. */
  readonly connections: number;
}

/** Sends the uploads, prints a line of numbers, and closes the client: what remains is to ask the server. */
export async function play(story: Story): Promise<Played> {
  await using client = openUploadClient(story.server, story.road, story.random);
  const traffic = await runTraffic(client, story);
  const connections = client.opened();
  tell(story.name, traffic, connections);
  return { ...traffic, connections };
}

/**
 * Pauses that end around the moment in which a server closes connections idle for `idleMs`: a few milliseconds before,
 * in it, and after.
 */
export function aroundIdle(idleMs: number): (wave: number) => number {
  return (wave) => idleMs - 4 + (wave % 9);
}

/**
 * The same for spares, which are opened when a wave begins and lie unused from then on. Their handshakes come somewhere among
 * the wave's own, hence the wider span.
 */
export function aroundUnused(idleMs: number): (wave: number, tookMs: number) => number {
  return (wave, tookMs) => Math.max(0, idleMs - tookMs + ((wave * 7) % 80));
}
