/** What every endpoint that takes a form does alike. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { ApiError } from './api-error.ts';

export interface FormLimits {
  /** Bytes of one file. */
  readonly maxFileBytes: number;
  readonly maxFiles: number;
}

/**
 * A parser of this form.
 * @throws ApiError 415 for another content type, 400 when there is no boundary.
 */
export function formParser(headers: IncomingHttpHeaders, { maxFileBytes, maxFiles }: FormLimits): Busboy {
  const contentType = headers['content-type'];
  if (contentType === undefined || !/^multipart\/form-data\b/i.test(contentType)) {
    throw new ApiError('Expected content-type multipart/form-data', {
      status: 415,
      code: 'unsupported_media_type',
    });
  }
  const limits = { fileSize: maxFileBytes, files: maxFiles, fields: 32, fieldSize: 65_536 };
  try {
    return new Busboy({
      headers: { ...headers, 'content-type': contentType } satisfies BusboyHeaders,
      limits,
    });
  } catch (error) {
    throw malformed(error);
  }
}

/** What is wrong with a form, as the parser says. */
export function malformed(error: unknown): ApiError {
  const reason = error instanceof Error ? error.message : 'unreadable';
  return new ApiError(`Malformed multipart body: ${reason}`, { status: 400, code: 'invalid_multipart' });
}

export function tooLarge(maxBytes: number, param: string): ApiError {
  return new ApiError(`The file is larger than ${maxBytes} bytes`, {
    status: 413,
    code: 'file_too_large',
    param,
  });
}

/** Writes a part into the file `target`. The digest is hexadecimal, over the file alone. */
export async function writePart(
  source: Readable,
  target: string,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.byteLength;
        yield chunk;
      }
    },
    createWriteStream(target),
  );
  return { bytes, sha256: hash.digest('hex') };
}
