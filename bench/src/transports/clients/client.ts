import type { Target, Trust } from '../job.ts';

/** One way of uploading. */
export interface BenchClient {
  /** Sends `body` to the target and returns the text of the answer. */
  upload(body: Buffer<ArrayBuffer>): Promise<string>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly target: Target;
  readonly trust: Trust;
  readonly baseline?: string | undefined;
}
