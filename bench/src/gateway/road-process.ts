/** The process between a client and its upstream: makes loopback as long and as narrow as a road through the internet. */
import { type Distance, openDistance } from '../transports/distance.ts';

const [to, distance] = process.argv.slice(2);
if (to === undefined || distance === undefined) throw new Error('needed: an address and a distance');
const url = await openDistance(new URL(to), JSON.parse(distance) as Distance);
// Whoever started this process ends it.
process.once('disconnect', () => process.exit(0));
process.send?.(url.origin);
