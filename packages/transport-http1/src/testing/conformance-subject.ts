import type { MakeTransport } from '@ferry/transport-conformance';
import { createHttp1Transport } from '../index.ts';

/** In a file of its own: the conformance suite loads it in child processes too. */
export const make: MakeTransport = ({ ca, ...options }) => createHttp1Transport({ ...options, tls: { ca } });
