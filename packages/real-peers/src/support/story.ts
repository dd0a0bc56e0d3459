import { tell } from './audit.ts';
import { runTraffic, type Traffic, type TrafficPlan } from './traffic.ts';
import { openUploadClient, type Road, type UploadTarget } from './upload-client.ts';

export interface Story extends TrafficPlan {
  /** What is printed with its numbers. */
  readonly name: string;
  readonly server: UploadTarget;
  readonly road: Road;
}

/** Sends the uploads, prints a line of numbers, and closes the client: what remains is to ask the server. */
export async function play(story: Story): Promise<Traffic> {
  await using client = openUploadClient(story.server, story.road);
  const traffic = await runTraffic(client, story);
  tell(story.name, traffic, client.opened());
  return traffic;
}

/**
 * Pauses that end around the moment in which a server closes connections idle for `idleMs`: a few milliseconds before,
 * in it, and after.
 */
export function aroundIdle(idleMs: number): (wave: number) => number {
  return (wave) => idleMs - 4 + (wave % 9);
}
