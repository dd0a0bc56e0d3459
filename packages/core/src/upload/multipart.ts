/** multipart/form-data (RFC 7578) as a request body: fields, then one file, sent as it is read. */
import { randomBytes } from 'node:crypto';
import { type RequestBody, slices } from '../transport/request-body.ts';
import { isMediaType } from './media-type.ts';

export interface MultipartForm {
  /** Sent in this order, before the file: some upstreams read no field after it. */
  readonly fields: Readonly<Record<string, string>>;
  readonly file: {
    /** The name of the form's file field. */
    readonly field: string;
    readonly filename: string;
    /** A media type. */
    readonly contentType: string;
    readonly body: RequestBody;
  };
}

export interface MultipartBody extends RequestBody {
  /** The request's `content-type`, with the boundary. */
  readonly contentType: string;
}

/** As browsers do (HTML, "multipart/form-data encoding algorithm"), which also keeps a name on its line. */
function quoted(name: string): string {
  return `"${name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')}"`;
}

/**
 * Encodes a form. The body can be sent again when the file's can, its length is known when the file's is, and a file
 * that gives more or fewer bytes than it announced fails instead of contradicting the length.
 * @throws TypeError when the file's type is not a media type.
 */
export function multipart(form: MultipartForm): MultipartBody {
  const { file } = form;
  if (!isMediaType(file.contentType)) throw new TypeError('the content type of the file is not a media type');
  // 192 random bits: nobody can put the boundary into a value or a file beforehand.
  const boundary = `----ferry-${randomBytes(24).toString('base64url')}`;
  const opening = Object.entries(form.fields).map(
    ([name, value]) =>
      `--${boundary}\r\ncontent-disposition: form-data; name=${quoted(name)}\r\n\r\n${value}\r\n`,
  );
  opening.push(
    `--${boundary}\r\ncontent-disposition: form-data; name=${quoted(file.field)}; filename=${quoted(file.filename)}\r\n`,
    `content-type: ${file.contentType}\r\n\r\n`,
  );
  const before = Buffer.from(opening.join(''));
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    get byteLength() {
      const length = file.body.byteLength;
      return length === undefined ? undefined : before.byteLength + length + after.byteLength;
    },
    replayable: file.body.replayable,
    open: () => enclose(before, file.body, after),
  };
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * `before`, the body, `after`. An iterator by hand, since a generator answers `return()` only when the value it waits
 * for has come: leaving must reach a file that is still growing.
 */
function enclose(
  before: Uint8Array,
  body: RequestBody,
  after: Uint8Array,
): AsyncIterableIterator<Uint8Array> {
  const announced = body.byteLength;
  const opening = slices(before);
  const closing = slices(after);
  let file: AsyncIterator<Uint8Array> | undefined;
  let fileEnded = false;
  let seen = 0;
  let left = false;

  const step = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    const first = opening.next();
    if (first.done !== true) return first;
    if (!fileEnded) {
      file ??= body.open()[Symbol.asyncIterator]();
      const part = await file.next();
      if (left) return DONE;
      if (part.done !== true) {
        seen += part.value.byteLength;
        if (announced !== undefined && seen > announced) throw new Error('the file is longer than it said');
        return part;
      }
      fileEnded = true;
      if (announced !== undefined && seen < announced) throw new Error('the file is shorter than it said');
    }
    const last = closing.next();
    return last.done === true ? DONE : last;
  };
  return {
    async next() {
      if (left) return DONE;
      try {
        return await step();
      } catch (error) {
        // Never a closing boundary after a file that failed: the part would look whole.
        left = true;
        throw error;
      }
    },
    async return() {
      left = true;
      if (!fileEnded) await file?.return?.();
      return DONE;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
