import { type Answer, type LogicalRequest, RequestFailure } from '../client/request.ts';
import { singleCredential } from '../credential/single-credential.ts';
import { type Logger, silentLogger } from '../log.ts';
import { type Clock, systemClock } from '../time/clock.ts';
import type { AttemptLimits } from '../transport/transport.ts';
import { multipart } from './multipart.ts';
import type { UploadEndpoint, UploadInput, UploadOptions, UploadResult, UploadToken } from './upload.ts';
import { openUploadSource, type UploadSource } from './upload-source.ts';
import type { UrlFetchOptions } from './url-source.ts';

/** What an upload needs of a client: `ResilientClient` fits. */
export interface RequestClient {
  /** @throws RequestFailure and nothing else. */
  request(request: LogicalRequest): Promise<Answer>;
}

export interface UploadServiceOptions {
  readonly client: RequestClient;
  readonly endpoint: UploadEndpoint;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Where temporary files go. Default the system's folder for them. */
  readonly spoolDirectory?: string;
  /** Bytes of an upload kept in memory before a temporary file is used. Default 256 KiB. */
  readonly spoolMemoryBytes?: number;
  /** The largest file, in bytes. Default 50 MiB. */
  readonly maxFileBytes?: number;
  /** How `{ url }` inputs are fetched. */
  readonly url?: Omit<UrlFetchOptions, 'maxBytes' | 'signal'>;
  /** Parts of `DEFAULT_ATTEMPT_LIMITS` to replace, for each attempt. */
  readonly limits?: Partial<AttemptLimits>;
}

/** Uploads a file in any form to one provider's endpoint, as often as it takes. */
export class UploadService {
  readonly #options: UploadServiceOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(options: UploadServiceOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Uploads `input` and gives the upstream's id of it. A stream, a URL and a growing spool are sent while they still
   * come in; a retry sends them from the start. An answer to a part of the file is no answer, and the upload goes again. Nothing opened
   * for the upload outlives the returned promise.
   * @throws RequestFailure when the upload was given up or aborted.
   * @throws UploadInputError, or the error of the path, stream or spool, when the input is at fault.
   */
  async upload(input: UploadInput, token: UploadToken, options: UploadOptions = {}): Promise<UploadResult> {
    const startedAt = this.#clock.now();
    const elapsed = (): number => this.#clock.now() - startedAt;
    let filename: string | undefined;
    try {
      const source = await this.#open(input, options);
      filename = source.filename;
      const wholeAfterMs = whenWhole(source, elapsed);
      try {
        const answer = await this.#send(source, token, options, elapsed());
        const result = this.#read(answer, source, { durationMs: elapsed(), wholeAfterMs: wholeAfterMs() });
        this.#logger.info(
          { ...options.logFields, ...loggable(result) },
          `Upload success: ${result.filename} -> ${result.fileId}`,
        );
        return result;
      } catch (error) {
        // The input's own end is what its sender must hear, not that a body could not be read.
        if (RequestFailure.is(error) && error.code === 'body_source' && source.failure !== undefined) {
          throw source.failure.error;
        }
        throw error;
      } finally {
        await source.release();
      }
    } catch (error) {
      if (RequestFailure.is(error) && error.code !== 'aborted') {
        const fields = { filename, code: error.code, status: error.status, attempts: error.attempts.length };
        this.#logger.error(
          { ...options.logFields, ...fields, durationMs: Math.round(elapsed()) },
          `Upload failed after retries: ${error.message.replace(/^upload failed: /, '')}`,
        );
      }
      throw error;
    }
  }

  /** The caller's signal and deadline hold while the input is opened too: the first bytes of a URL may never come. */
  async #open(input: UploadInput, options: UploadOptions): Promise<UploadSource> {
    const { signal, deadlineMs } = options;
    const stop = new AbortController();
    const onAbort = () => stop.abort(aborted(signal?.reason));
    const cancelDeadline =
      deadlineMs === undefined
        ? undefined
        : this.#clock.after(deadlineMs, () => stop.abort(deadlineExceeded(deadlineMs)));
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    const { spoolDirectory, spoolMemoryBytes, maxFileBytes, url } = this.#options;
    try {
      return await openUploadSource(input, {
        spool: {
          maxBytes: maxFileBytes ?? 50 * 1024 * 1024,
          ...(spoolDirectory === undefined ? {} : { directory: spoolDirectory }),
          ...(spoolMemoryBytes === undefined ? {} : { memoryBytes: spoolMemoryBytes }),
        },
        ...(url === undefined ? {} : { url }),
        signal: stop.signal,
      });
    } finally {
      cancelDeadline?.();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #send(
    source: UploadSource,
    token: UploadToken,
    options: UploadOptions,
    elapsedMs: number,
  ): Promise<Answer> {
    const { client, endpoint, limits } = this.#options;
    const { filename, contentType, body: file } = source;
    const body = multipart({
      fields: endpoint.fields,
      files: [{ field: endpoint.fileField, filename, contentType, body: file }],
    });
    const { reuseSession = false, signal, deadlineMs, logFields, onEvent } = options;
    return client.request({
      method: 'POST',
      url: endpoint.url,
      headers: { accept: 'application/json', ...endpoint.headers, 'content-type': body.contentType },
      body,
      safety: 'repeatable',
      needsWholeRequest: true,
      label: 'upload',
      ...(endpoint.attemptHeader === undefined ? {} : { attemptHeader: endpoint.attemptHeader }),
      reuseSession,
      credential: typeof token === 'string' ? singleCredential(token) : token,
      ...(signal === undefined ? {} : { signal }),
      ...(deadlineMs === undefined ? {} : { deadlineMs: Math.max(0, deadlineMs - elapsedMs) }),
      ...(limits === undefined ? {} : { limits }),
      ...(onEvent === undefined ? {} : { onEvent: (event) => onEvent.call(options, event) }),
      logFields: { ...logFields, filename },
    });
  }

  #read(answer: Answer, source: UploadSource, { durationMs, wholeAfterMs }: Times): UploadResult {
    const { fileId, fileUri } = this.#options.endpoint.parse(answer);
    return {
      fileId,
      fileUri,
      filename: source.filename,
      bytes: source.storedBytes,
      attempts: answer.attempts,
      exchange: answer.exchange,
      durationMs,
      upstreamMs: durationMs - Math.min(wholeAfterMs, durationMs),
      credential: answer.attempts.at(-1)?.credential ?? 'default',
    };
  }
}

interface Times {
  readonly durationMs: number;
  readonly wholeAfterMs: number;
}

/** How long after the start an input became whole: 0 when it was so from the start, infinitely while it is not. */
function whenWhole(source: UploadSource, elapsed: () => number): () => number {
  if (source.byteLength !== undefined) return () => 0;
  let afterMs = Number.POSITIVE_INFINITY;
  source.whole().then(
    () => {
      afterMs = elapsed();
    },
    () => undefined,
  );
  return () => afterMs;
}

function loggable(result: UploadResult): object {
  const { protocol, connectionId, connectionReused } = result.exchange;
  return {
    filename: result.filename,
    fileId: result.fileId,
    bytes: result.bytes,
    attempts: result.attempts.length,
    durationMs: Math.round(result.durationMs),
    upstreamMs: Math.round(result.upstreamMs),
    credential: result.credential,
    protocol,
    connectionId,
    connectionReused,
  };
}

function aborted(cause: unknown): RequestFailure {
  return new RequestFailure('the upload was aborted', { code: 'aborted', status: 499, attempts: [], cause });
}

function deadlineExceeded(deadlineMs: number): RequestFailure {
  const message = `the input was not there within ${deadlineMs} ms`;
  return new RequestFailure(message, { code: 'deadline_exceeded', status: 504, attempts: [] });
}
