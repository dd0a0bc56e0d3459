import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { BusboyFileStream } from '@fastify/busboy';
import type { ApiRequest } from './answer.ts';
import { badRequest } from './api-error.ts';
import { formParser, malformed, tooLarge, writePart } from './multipart.ts';

/** One image of an edit, as a file until the form is disposed of. */
interface FormImage {
  /** `image` or `image[]`. */
  readonly field: string;
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal, over the file alone. */
  readonly sha256: string;
}

/** An edit as a form: fields and images in any order. */
export interface EditForm extends AsyncDisposable {
  readonly fields: ReadonlyMap<string, string>;
  readonly images: readonly FormImage[];
}

export interface EditFormOptions {
  readonly directory: string;
  readonly maxFileBytes: number;
}

/** More than an edit takes, so that one too many is counted and not lost. */
const MAX_FILES = 20;

/**
 * Reads the whole form; on any failure its files are removed again.
 * @throws ApiError 415 for another content type, 400 for a malformed form or a part of another name, 413 for a file
 * above the limit.
 */
export async function receiveEditForm(
  { body, headers }: Pick<ApiRequest, 'body' | 'headers'>,
  { directory, maxFileBytes }: EditFormOptions,
): Promise<EditForm> {
  const busboy = formParser(headers, { maxFileBytes, maxFiles: MAX_FILES });
  // It may have broken off before anybody listened, and says so only once.
  if (body.errored !== null) throw body.errored;
  const fields = new Map<string, string>();
  const images: Promise<FormImage>[] = [];
  const paths: string[] = [];
  const remove = async (): Promise<void> => {
    await Promise.all(paths.map((path) => rm(path, { force: true })));
  };
  let open: BusboyFileStream | undefined;

  // Not stream.pipeline: that would destroy the body on a refusal, and with it the stream that the answer needs.
  const parsed = new Promise<void>((resolve, reject) => {
    busboy.on('finish', resolve);
    busboy.on('error', (error) => reject(malformed(error)));
    body.once('error', reject);
    busboy.on('field', (name, value) => fields.set(name, value));
    busboy.on('file', (field, stream) => {
      if (field !== 'image' && field !== 'image[]') {
        stream.resume();
        reject(badRequest(field.slice(0, 100), 'Only image and image[] hold files here'));
        return;
      }
      open = stream;
      stream.once('limit', () => reject(tooLarge(maxFileBytes, field)));
      const path = join(directory, randomUUID());
      paths.push(path);
      const image = writeImage(field, stream, path);
      image.catch(reject);
      images.push(image);
    });
  });
  body.pipe(busboy);
  try {
    await parsed;
    return { fields, images: await Promise.all(images), [Symbol.asyncDispose]: remove };
  } catch (error) {
    body.unpipe(busboy);
    open?.destroy();
    await Promise.allSettled(images);
    await remove();
    throw error;
  }
}

async function writeImage(field: string, source: Readable, path: string): Promise<FormImage> {
  return { field, path, ...(await writePart(source, path)) };
}
