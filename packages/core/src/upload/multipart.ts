/** multipart/form-data (RFC 7578) as a request body: fields, then files, sent as they are read. */
import { randomBytes } from 'node:crypto';
import { fromText, type RequestBody } from '../transport/request-body.ts';
import { joined } from './joined-body.ts';
import { isMediaType } from './media-type.ts';

export interface MultipartFile {
  /** The name of the form's field; several files may share one. */
  readonly field: string;
  readonly filename: string;
  /** A media type. */
  readonly contentType: string;
  readonly body: RequestBody;
}

export interface MultipartForm {
  /** Sent in this order, before the files: some upstreams read no field after one. */
  readonly fields: Readonly<Record<string, string>>;
  /** At least one; sent in this order, one at a time. */
  readonly files: readonly [MultipartFile, ...MultipartFile[]];
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
 * Encodes a form. The body can be sent again when its files can, its length is known when theirs are, and a file
 * that gives more or fewer bytes than it announced fails instead of contradicting the length.
 * @throws TypeError when the type of a file is not a media type.
 */
export function multipart({ fields, files }: MultipartForm): MultipartBody {
  // 192 random bits: nobody can put the boundary into a value or a file beforehand.
  const boundary = `----ferry-${randomBytes(24).toString('base64url')}`;
  const opening = Object.entries(fields).map(
    ([name, value]) =>
      `--${boundary}\r\ncontent-disposition: form-data; name=${quoted(name)}\r\n\r\n${value}\r\n`,
  );
  const parts = files.flatMap(({ field, filename, contentType, body }, index) => {
    if (!isMediaType(contentType)) throw new TypeError('the content type of the file is not a media type');
    const before = index === 0 ? opening.join('') : '\r\n';
    const disposition = `form-data; name=${quoted(field)}; filename=${quoted(filename)}`;
    const head = `--${boundary}\r\ncontent-disposition: ${disposition}\r\ncontent-type: ${contentType}\r\n\r\n`;
    return [fromText(`${before}${head}`), body];
  });
  const body = joined([...parts, fromText(`\r\n--${boundary}--\r\n`)]);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    get byteLength() {
      return body.byteLength;
    },
    replayable: body.replayable,
    open: () => body.open(),
  };
}
