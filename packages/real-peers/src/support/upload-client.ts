/** The client under test, as the gateway composes it, with a number on each attempt so that logs can be read. */
import { createHash } from 'node:crypto';
import {
  type Answer,
  createFallbackTransport,
  type FallbackMemory,
  type ProxyOptions,
  type Random,
  ResilientClient,
  type ReusePolicy,
  type Transport,
  type UploadResult,
  UploadService,
} from '@ferry/core';
import { createHttp1Transport, type Http1TransportOptions } from '@ferry/transport-http1';
import { createUndiciTransport, type UndiciTransportOptions } from '@ferry/transport-undici';
import { ATTEMPT_HEADER, DIGEST_HEADER, UPLOAD_HEADER } from './traffic-log.ts';

/** How a test's uploads travel. */
export interface Road {
  /** `auto` as the gateway's: HTTP/2, and HTTP/1.1 for an origin that does not do well with it. */
  readonly protocol: 'h2' | 'http/1.1' | 'auto';
  readonly policy: ReusePolicy;
  /** What `auto` knows of the server. Default a memory of its own. */
  readonly memory?: FallbackMemory;
}

/**
 * Back-off that always waits as long as it may, and no luck in it: a server that is being restarted is gone for longer
 * than jitter may happen to wait.
 */
const LONGEST_WAIT: Random = () => 0.999;

const KEY = 'a-key-for-loopback';

export interface UploadTarget {
  readonly url: URL;
  readonly caPem: string;
  /** The way there, when it is not direct. */
  readonly proxy?: ProxyOptions;
  /** Looks into an answer of 200 for what only this server can tell. Throws when the upload is not whole. */
  readonly check?: (answer: Answer, file: Uint8Array) => void;
}

export interface UploadClient extends AsyncDisposable {
  /**
   * `pausesUntilRetry` is for a file that is still on its way from whoever sends it: its second half comes when that retry is due.
   * @throws RequestFailure when the upload was given up.
   */
  upload(upload: string, file: Uint8Array, pausesUntilRetry?: number): Promise<UploadResult>;
  /** Connections opened so far, by the transport's own events. */
  opened(): number;
}

/**
 * Retry policy, limits and budget are the product's defaults. Its jitter is not: without `random` every wait is the longest
 * one. The product's own is `Math.random`; a seeded source has the same spread.
 */
export function openUploadClient(
  target: UploadTarget,
  road: Road,
  random: Random = LONGEST_WAIT,
): UploadClient {
  let opened = 0;
  const options = {
    policy: road.policy,
    tls: { ca: target.caPem },
    ...(target.proxy === undefined ? {} : { proxy: target.proxy }),
    onPoolEvent: (event: { readonly type: string }) => {
      if (event.type === 'opened') opened += 1;
    },
  };
  const transport = numbered(createTransport(road, options));
  const client = new ResilientClient({ transports: { isolated: transport, shared: transport }, random });
  return {
    upload(upload, file, pausesUntilRetry) {
      const digest = createHash('sha256').update(file).digest('hex');
      const service = new UploadService({
        client,
        endpoint: {
          url: target.url,
          fields: {},
          fileField: 'file',
          headers: { [UPLOAD_HEADER]: upload, [DIGEST_HEADER]: digest },
          parse(answer) {
            target.check?.(answer, file);
            return { fileId: upload, fileUri: upload };
          },
        },
      });
      if (pausesUntilRetry === undefined) return service.upload({ bytes: file }, KEY);
      const resumed = Promise.withResolvers<void>();
      return service.upload({ stream: inHalves(file, resumed.promise) }, KEY, {
        onEvent(event) {
          if (event.type === 'retry' && event.retry === pausesUntilRetry) resumed.resolve();
        },
      });
    },
    opened: () => opened,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function* inHalves(file: Uint8Array, resumed: Promise<void>): AsyncGenerator<Uint8Array> {
  const half = file.byteLength >> 1;
  yield file.subarray(0, half);
  await resumed;
  yield file.subarray(half);
}

/** As `apps/server` composes them (`src/transport/transports.ts`). */
function createTransport(
  { protocol, memory }: Road,
  options: Http1TransportOptions & UndiciTransportOptions,
): Transport {
  switch (protocol) {
    case 'h2':
      return createUndiciTransport(options);
    case 'http/1.1':
      return createHttp1Transport(options);
    case 'auto':
      return createFallbackTransport({
        h2: createUndiciTransport(options),
        http1: createHttp1Transport(options),
        ...(memory === undefined ? {} : { memory }),
      });
    default:
      return protocol satisfies never;
  }
}

/** Writes on each request which attempt of its upload it is, as `AttemptRecord.attempt` counts them. */
function numbered(transport: Transport): Transport {
  const sent = new Map<string, number>();
  return {
    name: transport.name,
    stats: () => transport.stats(),
    close: (options) => transport.close(options),
    send(request, attempt) {
      const upload = request.headers[UPLOAD_HEADER] ?? '';
      const number = (sent.get(upload) ?? 0) + 1;
      sent.set(upload, number);
      const headers = { ...request.headers, [ATTEMPT_HEADER]: String(number) };
      return transport.send({ ...request, headers }, attempt);
    },
  };
}
