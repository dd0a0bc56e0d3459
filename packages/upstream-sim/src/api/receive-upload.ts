import { rm } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Busboy, BusboyFileStream } from '@fastify/busboy';
import { badRequest } from './api-error.ts';
import { formParser, malformed, tooLarge, writePart } from './multipart.ts';

export interface ReceivedUpload {
  /** Form fields that came before the file. */
  readonly fields: ReadonlyMap<string, string>;
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: number;
  /** Hexadecimal, over the file alone. */
  readonly sha256: string;
}

/**
 * Streams one multipart upload into the file `target`. On any failure the file is removed again.
 * @throws ApiError 415 for another content type, 400 for a malformed form or a missing part, 413 above `maxBytes`.
 */
export async function receiveUpload(
  body: Readable,
  headers: IncomingHttpHeaders,
  target: string,
  maxBytes: number,
): Promise<ReceivedUpload> {
  const parser = formParser(headers, { maxFileBytes: maxBytes, maxFiles: 4 });
  // A form is a little longer than its file; what is much longer need not be read to be refused.
  if (Number(headers['content-length'] ?? 0) > maxBytes + 1_048_576) throw tooLarge(maxBytes, 'file');
  try {
    return await readForm(body, parser, target, maxBytes);
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
}

async function readForm(
  body: Readable,
  busboy: Busboy,
  target: string,
  maxBytes: number,
): Promise<ReceivedUpload> {
  // It may have broken off before anybody listened, and says so only once.
  if (body.errored !== null) throw body.errored;
  const fields = new Map<string, string>();
  let source: BusboyFileStream | undefined;
  let file: Promise<ReceivedUpload> | undefined;

  // Not stream.pipeline: that would destroy the body on a refusal, and with it the stream that the answer needs.
  const parsed = new Promise<void>((resolve, reject) => {
    busboy.on('finish', resolve);
    busboy.on('error', (error) => reject(malformed(error)));
    body.once('error', reject);
    busboy.on('field', (name, value) => {
      // xAI reads fields as they stream past: one that follows the file is not seen.
      if (!file) fields.set(name, value);
    });
    busboy.on('file', (name, stream, filename, _encoding, mimeType) => {
      if (name !== 'file' || file) {
        stream.resume();
        return;
      }
      source = stream;
      stream.once('limit', () => reject(tooLarge(maxBytes, 'file')));
      file = writePart(stream, target).then((written) => ({
        fields,
        filename,
        contentType: mimeType,
        ...written,
      }));
      file.catch(reject);
    });
  });
  body.pipe(busboy);
  try {
    await parsed;
  } catch (error) {
    body.unpipe(busboy);
    source?.destroy();
    if (file) await Promise.allSettled([file]);
    throw error;
  }
  if (!file) throw badRequest('file', 'The form has no part named file');
  return await file;
}
