import { CLIENT_SECONDS, GATEWAY_SECONDS } from '../steps.ts';
import type { GatewaySetting } from './design.ts';
import type { GatewayPlan } from './run-gateway.ts';

/** An upload and an edit, as the profiles have them on average: handshakes, slow start, and the answers. Round trips. */
const ROUND_TRIPS = 6;
/** Two cores on which client, gateway, road and upstream work: seconds for a byte and for a request, as measured. */
const SECONDS_A_BYTE = 15e-9;
const SECONDS_A_REQUEST = 0.008;

type Length = Omit<GatewayPlan, 'settings'>;

/** About how long a load takes in all rounds of all profiles, the way without a gateway among them. */
export function gatewaySeconds(setting: GatewaySetting, plan: Length): number {
  const { profiles, rounds } = plan;
  const loadSeconds = secondsOfLoad(setting, plan);
  return (
    1 + rounds * ((profiles.length + 1) * (loadSeconds + CLIENT_SECONDS) + profiles.length * GATEWAY_SECONDS)
  );
}

function secondsOfLoad(setting: GatewaySetting, plan: Length): number {
  const { warmUpMs, warmUpRequests, measureMs, minRequests, minEach } = plan;
  const requestSeconds = secondsOfRequest(setting, plan);
  const each = Math.max(minEach, Math.ceil(minRequests / setting.atOnce), 1);
  return (
    Math.max(warmUpMs / 1_000, Math.max(1, warmUpRequests) * requestSeconds) +
    Math.max(measureMs / 1_000, each * requestSeconds)
  );
}

/** Of `atOnce` that are under way: far away they wait for the road or for windows, nearby for the processors. */
function secondsOfRequest(
  { roundTripMs, atOnce, bodyBytes, windowBytes }: GatewaySetting,
  { bytesPerSecond }: Length,
): number {
  const working = atOnce * (bodyBytes * SECONDS_A_BYTE + SECONDS_A_REQUEST);
  if (roundTripMs === 0) return working;
  // Half of the profiles speak HTTP/2.
  const waits = ROUND_TRIPS + bodyBytes / windowBytes / 2;
  return Math.max(working, (atOnce * bodyBytes) / bytesPerSecond) + (waits * roundTripMs) / 1_000;
}
