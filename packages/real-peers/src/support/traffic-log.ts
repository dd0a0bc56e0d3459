/** What a server's log tells of the uploads: the same few facts, whatever the server. */

/** One request that a server saw. */
export interface SeenRequest {
  /** `upload/attempt`, from the two headers that the test client adds. */
  readonly key: string;
  /** Whether the server had the whole request and did its work. */
  readonly processed: boolean;
}

/** Headers by which an upload and its attempt are found in a server's log. */
export const UPLOAD_HEADER = 'x-upload-id';
export const ATTEMPT_HEADER = 'x-attempt';
/** The SHA-256 of the file, in hexadecimal, for the server to check. */
export const DIGEST_HEADER = 'x-file-sha256';

/** Reads lines of `upload attempt status`, as nginx and HAProxy are configured to write them. */
export function readStatusLines(text: string): SeenRequest[] {
  return [...text.matchAll(/^(upload-\d+) (\d+) (-?\d+)/gm)].map(([, upload, attempt, status]) => ({
    key: `${upload}/${attempt}`,
    processed: status === '200',
  }));
}
