import type { Api, ApiOptions } from './api/api.ts';
import { type ApiLimits, DEFAULT_LIMITS } from './api/api-limits.ts';
import { OpenAiApi } from './api/openai-api.ts';
import { XaiApi } from './api/xai-api.ts';
import { createLoopbackCertificate, type LoopbackCertificate } from './certificate.ts';
import { type ControlServer, listenForControl } from './control/control-server.ts';
import { serveExchange } from './exchange.ts';
import { FaultQueue } from './faults/fault-queue.ts';
import { ImageEditor } from './image/image-editor.ts';
import { StandInEditor } from './image/stand-in-editor.ts';
import { Ledger, type LedgerEntry } from './ledger.ts';
import { createTempDir } from './storage/temp-dir.ts';
import { DEFAULT_HTTP2, type Http2Settings, listenSecurely, type Protocols } from './wire/secure-server.ts';

/** Whose API it is. `xai`: files, and edits by JSON that name them. `openai`: edits by multipart that hold their images. */
export type ApiShape = 'xai' | 'openai';

const SHAPES: Readonly<Record<ApiShape, (options: ApiOptions) => Promise<Api>>> = {
  xai: (options) => XaiApi.create(options),
  openai: (options) => OpenAiApi.create(options),
};

/** All optional; times are milliseconds, sizes bytes. */
export interface SimulatorOptions {
  /** Default `xai`. */
  readonly shape?: ApiShape;
  /** A loopback address. Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: the system chooses. */
  readonly port?: number;
  /** What ALPN offers. Default both. */
  readonly protocols?: Protocols;
  /** Serve the control interface over plain HTTP, on this port; 0 lets the system choose. Default: none. */
  readonly controlPort?: number;
  /** API keys that are accepted. By default every key that is not empty. */
  readonly keys?: readonly string[];
  readonly limits?: Partial<ApiLimits>;
  readonly http2?: Partial<Http2Settings>;
  /** What an upload and an edit take beyond their work. Default 0. */
  readonly latencyMs?: { readonly upload?: number; readonly edit?: number };
  /** False: edits are answered with one small picture, and no image is ever decoded. For measurements. Default true. */
  readonly imageWork?: boolean;
  /** Edits at once; the others wait. Default 2. */
  readonly maxConcurrentEdits?: number;
  /** Requests the ledger remembers. Default 10 000. */
  readonly ledgerCapacity?: number;
  /** Default: one of its own, made at the start. */
  readonly certificate?: LoopbackCertificate;
  /** Hears of a request when its work is done, before any of the answer is written, and again when it is over. */
  readonly journal?: (entry: LedgerEntry) => void;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
  /** Hears of every request when it is over. */
  readonly onExchange?: (entry: LedgerEntry) => void;
  /** Hears of the simulator's own mistakes, which are answered with 500. */
  readonly onInternalError?: (error: unknown) => void;
}

/** A running upstream. */
export interface Simulator {
  /** Such as `https://127.0.0.1:41234`, without a slash at the end. */
  readonly url: string;
  /** The control interface, when it was asked for. */
  readonly controlUrl: string | undefined;
  /** What a client must trust. PEM. */
  readonly caPem: string;
  /** Where everything it writes lies, until it is closed. */
  readonly dir: string;
  readonly ledger: Ledger;
  readonly faults: FaultQueue;
  /** TCP connections accepted since the start, and those open now. */
  connections(): { readonly opened: number; readonly open: number };
  /** Breaks every connection, removes every file. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts an upstream on loopback: an API of xAI's or OpenAI's shape, real TLS, real HTTP/2 and HTTP/1.1, real edits, and faults on request.
 * @throws when the address is not loopback or the port is taken.
 */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const host = loopback(options.host ?? '127.0.0.1');
  const now = options.now ?? Date.now;
  const ledger = new Ledger(options.ledgerCapacity, now, options.journal);
  const faults = new FaultQueue();
  const certificate = options.certificate ?? (await createLoopbackCertificate(now()));
  const dir = await createTempDir();
  const closers: (() => Promise<void>)[] = [() => dir.remove()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const api = await SHAPES[options.shape ?? 'xai']({
      dir: dir.path,
      editor: options.imageWork === false ? new StandInEditor() : new ImageEditor(options.maxConcurrentEdits),
      keys: options.keys,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      latencyMs: { upload: 0, edit: 0, ...options.latencyMs },
      now,
    });
    const running = new Set<Promise<void>>();
    const context = { api, ledger, faults, onInternalError: options.onInternalError ?? (() => undefined) };
    const server = await listenSecurely({
      host,
      port: options.port ?? 0,
      protocols: options.protocols ?? 'both',
      certificate,
      http2: { ...DEFAULT_HTTP2, ...options.http2 },
      onRequest: (wire) => {
        const exchange = serveExchange(wire, context).then(options.onExchange);
        running.add(exchange);
        void exchange.finally(() => running.delete(exchange));
      },
    });
    closers.push(async () => {
      await server.close();
      await Promise.all(running);
    });
    const { connections } = server;
    const counts = (): { opened: number; open: number } => ({
      opened: connections.opened,
      open: connections.open,
    });
    let control: ControlServer | undefined;
    if (options.controlPort !== undefined) {
      control = await listenForControl({
        host,
        port: options.controlPort,
        ledger,
        faults,
        connections: counts,
      });
      closers.push(control.close);
    }
    return {
      url: `https://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
      controlUrl: control?.url,
      caPem: certificate.caPem,
      dir: dir.path,
      ledger,
      faults,
      connections: counts,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The control interface asks for no key, and the API for any: neither is for a network. */
function loopback(host: string): string {
  if (host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)) return host;
  throw new Error(`host must be a loopback address, not ${host}`);
}
