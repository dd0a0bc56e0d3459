import { createFallbackTransport, FallbackMemory } from '@ferry/core';
import type { MakeTransport } from '@ferry/transport-conformance';
import { createHttp1Transport } from '@ferry/transport-http1';
import { createUndiciTransport } from '@ferry/transport-undici';

/** In a file of its own: the conformance suite loads it in child processes too. */
export const make: MakeTransport = ({ ca, ...rest }) => {
  const options = { ...rest, tls: { ca } };
  return createFallbackTransport({
    h2: createUndiciTransport(options),
    http1: createHttp1Transport(options),
    memory: new FallbackMemory({ clock: rest.clock }),
  });
};
