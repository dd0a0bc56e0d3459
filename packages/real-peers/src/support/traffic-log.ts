/** What a server's log tells of the uploads: the same few facts, whatever the server. */
import type { Protocol } from '@ferry/core';

/** One request that a server saw. */
export interface SeenRequest {
  /** `upload/attempt`, from the two headers that the test client adds. */
  readonly key: string;
  /** Whether the server had the whole request and did its work. */
  readonly processed: boolean;
  /** What it came over, where the log says that. */
  readonly protocol?: Protocol;
}

/** Headers by which an upload and its attempt are found in a server's log. */
export const UPLOAD_HEADER = 'x-upload-id';
export const ATTEMPT_HEADER = 'x-attempt';
/** The SHA-256 of the file, in hexadecimal, for the server to check. */
export const DIGEST_HEADER = 'x-file-sha256';

const PROTOCOLS: Readonly<Record<string, Protocol>> = { 'HTTP/2.0': 'h2', 'HTTP/1.1': 'http/1.1' };

/** Reads lines of `upload attempt status protocol`, as nginx and HAProxy are configured and Go's server is made to write them. */
export function readStatusLines(text: string): SeenRequest[] {
  return [...text.matchAll(/^(upload-\d+) (\d+) (-?\d+) (\S+)/gm)].map(
    ([, upload, attempt, status, version = '']) => {
      const protocol = PROTOCOLS[version];
      return {
        key: `${upload}/${attempt}`,
        processed: status === '200',
        ...(protocol === undefined ? {} : { protocol }),
      };
    },
  );
}
