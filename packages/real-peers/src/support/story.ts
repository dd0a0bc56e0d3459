import type { Random } from '@ferry/core';
import { tell } from './audit.ts';
import { runTraffic, type Traffic, type TrafficPlan, type UploadOutcome } from './traffic.ts';
import { openUploadClient, type Road, type UploadTarget } from './upload-client.ts';

/** How long a story may take: it catches a hang, and leaves time on a busy machine. Milliseconds. */
export const PATIENCE_MS = 120_000;

export interface Setting {
  /** What is printed with its numbers. */
  readonly name: string;
  readonly server: UploadTarget;
  readonly road: Road;
  /** What back-off is drawn from; by default it always waits as long as it may. */
  readonly random?: Random;
}

export interface Story extends Setting, TrafficPlan {}

export interface Played extends Traffic {
  /** Connections that the client opened. */
  readonly connections: number;
}

/** A story in several acts, all of one client. Between two of them nothing is under way. */
export interface Acts extends AsyncDisposable {
  /** Sends the uploads of an act. */
  act(plan: Omit<TrafficPlan, 'sentBefore'>): Promise<Traffic>;
  /** Closes the client, prints a line of numbers, and gives all that was played: what remains is to ask the server. */
  end(): Promise<Played>;
}

export function openActs({ name, server, road, random }: Setting): Acts {
  const client = openUploadClient(server, road, random);
  const outcomes: UploadOutcome[] = [];
  let disturbances = 0;
  return {
    async act(plan) {
      const traffic = await runTraffic(client, { ...plan, sentBefore: outcomes.length });
      outcomes.push(...traffic.outcomes);
      disturbances += traffic.disturbances;
      return traffic;
    },
    async end() {
      const played = { outcomes, disturbances, connections: client.opened() };
      tell(name, played, played.connections);
      await client[Symbol.asyncDispose]();
      return played;
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** A story of one act. */
export async function play(story: Story): Promise<Played> {
  await using acts = openActs(story);
  await acts.act(story);
  return await acts.end();
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
