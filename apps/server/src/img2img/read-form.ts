/** Reads a multipart request part by part: fields into memory within limits, images into spools. */
import type { Multipart, MultipartFile } from '@fastify/multipart';
import { Spool, UploadInputError } from '@ferry/core';
import type { FastifyRequest } from 'fastify';
import { badRequest } from '../errors/gateway-error.ts';
import { fromInputError } from '../errors/to-gateway-error.ts';
import { dropRest } from '../http/drop-rest.ts';
import { imageSource } from './image-source.ts';
import {
  type FormLimits,
  type FormListener,
  type ReceivedForm,
  type ReceivedImage,
  type ReceiveOptions,
  receiveImage,
} from './received-form.ts';

/** Which fields a form has. */
export interface FormShape {
  /** The names of its text fields. */
  readonly fields: readonly string[];
  /** Text fields and files that are known, and that nothing here can do. */
  readonly unsupported?: readonly string[];
  /** The names of its images; by the first one errors name them. */
  readonly images: readonly [string, ...string[]];
}

/**
 * Reads the whole form, and tells `listener` of it as it comes. Every spool it makes is given to `spools`, also when it fails: whoever disposes of the stack
 * leaves nothing behind. On failure the rest of the request is read and dropped, so that the connection survives.
 * @throws GatewayError 400, 413, 415, or the signal's reason.
 */
export async function readForm(
  request: FastifyRequest,
  shape: FormShape,
  limits: FormLimits,
  spools: AsyncDisposableStack,
  listener: FormListener,
): Promise<ReceivedForm> {
  if (!request.isMultipart()) {
    throw badRequest('Send the form as multipart/form-data.', {
      status: 415,
      code: 'unsupported_media_type',
    });
  }
  // Downloads of one request end together: the first failure stops the others.
  const failed = new AbortController();
  const options: ReceiveOptions = { ...limits, signal: AbortSignal.any([limits.signal, failed.signal]) };
  const fields = new Map<string, string>();
  const images: Promise<ReceivedImage>[] = [];
  let open: MultipartFile | undefined;
  try {
    for await (const part of parts(request, shape, limits.maxFieldBytes)) {
      if (part.type === 'field') {
        addField(fields, part, shape, limits.maxFieldBytes);
        listener.onField(fields);
        continue;
      }
      open = part;
      const index = images.length;
      refuseUnexpected(part, index, shape, limits.maxImages);
      const [field] = shape.images;
      const param = index === 0 ? field : `${field}[${index}]`;
      const spool = spools.use(
        new Spool({
          ...limits.spool,
          maxBytes: limits.maxFileBytes,
          sha256: limits.sha256,
        }),
      );
      const source = await imageSource(fileBytes(part), part.filename !== undefined);
      const image = receiveImage(
        source,
        spool,
        { index, param, filename: part.filename },
        options,
        (growing) => listener.onImage(growing, fields),
      ).catch(naming(param));
      images.push(image);
      image.then(
        (whole) => listener.onWhole(whole),
        () => undefined,
      );
      // A download goes on while the next part is read; until it is awaited, its failure must not count as unhandled.
      if (source.kind === 'url') image.catch((error: unknown) => failed.abort(error));
      else await image;
      open = undefined;
    }
    return { fields, images: await Promise.all(images) };
  } catch (error) {
    failed.abort(error);
    open?.file.destroy();
    dropRest(request.raw, limits.maxImages * limits.maxFileBytes);
    await Promise.allSettled(images);
    limits.signal.throwIfAborted();
    throw error;
  }
}

/**
 * The parts, with the parser's own errors told apart from ours. The parser gets no limit on files or parts: when one is
 * hit, a part that is being read neither ends nor fails, and whoever waits for it waits for ever.
 */
async function* parts(
  request: FastifyRequest,
  { images }: FormShape,
  maxFieldBytes: number,
): AsyncGenerator<Multipart> {
  const options = {
    limits: { fieldSize: maxFieldBytes, fields: 64, headerPairs: 32, fileSize: Number.POSITIVE_INFINITY },
    // An image may come as text; as a "file" it is streamed and not held in memory by the parser.
    isPartAFile: (name: string | undefined, type: string | undefined, filename: string | undefined) =>
      filename !== undefined ||
      type === 'application/octet-stream' ||
      (name !== undefined && images.includes(name)),
  };
  const iterator = request.parts(options)[Symbol.asyncIterator]();
  while (true) {
    const { done, value } = await iterator.next().catch(asMalformed);
    if (done) return;
    yield value;
  }
}

function asMalformed(error: unknown): never {
  // Errors with a status are the plugin's own: too many fields, a name that is not allowed.
  if (typeof error === 'object' && error !== null && 'statusCode' in error) throw error;
  throw badRequest('The multipart form is malformed or cut short.', {
    code: 'invalid_multipart',
    cause: error,
  });
}

function addField(
  fields: Map<string, string>,
  part: Exclude<Multipart, MultipartFile>,
  shape: FormShape,
  maxBytes: number,
): void {
  const { fieldname, value } = part;
  refuseUnsupported(fieldname, shape);
  if (typeof fieldname !== 'string' || !shape.fields.includes(fieldname)) {
    throw badRequest(
      `There is no field of this name. Known: ${[shape.images[0], ...shape.fields].join(', ')}.`,
      {
        code: 'unknown_parameter',
        ...(typeof fieldname === 'string' && { param: fieldname.slice(0, 100) }),
      },
    );
  }
  if (fields.has(fieldname)) {
    throw badRequest(`${fieldname} is there twice.`, { code: 'duplicate_parameter', param: fieldname });
  }
  if (part.valueTruncated) {
    throw badRequest(`${fieldname} is longer than ${maxBytes} bytes.`, {
      code: 'invalid_value',
      param: fieldname,
    });
  }
  // A part that says it is JSON has been parsed already.
  fields.set(fieldname, typeof value === 'string' ? value : JSON.stringify(value));
}

function refuseUnexpected(
  { fieldname }: MultipartFile,
  index: number,
  shape: FormShape,
  maxImages: number,
): void {
  refuseUnsupported(fieldname, shape);
  if (!shape.images.includes(fieldname)) {
    throw badRequest(`Only fields named ${shape.images.join(' or ')} hold files.`, {
      code: 'unknown_parameter',
      ...(typeof fieldname === 'string' && { param: fieldname.slice(0, 100) }),
    });
  }
  if (index >= maxImages) {
    throw badRequest(`At most ${maxImages} ${maxImages === 1 ? 'image' : 'images'} can be sent.`, {
      code: 'too_many_images',
      param: shape.images[0],
    });
  }
}

function refuseUnsupported(name: string, { unsupported = [] }: FormShape): void {
  if (!unsupported.includes(name)) return;
  throw badRequest(`${name} is not supported.`, { code: 'unsupported_parameter', param: name });
}

/** The bytes of a file part; a part that breaks off is the form's fault, not the disk's. */
async function* fileBytes({ file }: MultipartFile): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of file) yield chunk;
  } catch (error) {
    asMalformed(error);
  }
}

const naming =
  (param: string) =>
  (error: unknown): never => {
    throw UploadInputError.is(error) ? fromInputError(error, param) : error;
  };
