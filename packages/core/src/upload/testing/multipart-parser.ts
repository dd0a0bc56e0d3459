/** A strict reader of multipart/form-data (RFC 2046 section 5.1.1, RFC 7578): it forgives nothing. */

export interface ParsedPart {
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** As it stands between the quotes, escapes included. */
  readonly name: string;
  readonly filename: string | undefined;
  readonly content: Buffer;
}

const DISPOSITION = /^form-data; name="([^"\r\n]*)"(?:; filename="([^"\r\n]*)")?$/;

export function parseMultipart(contentType: string, body: Buffer): ParsedPart[] {
  const boundary = /^multipart\/form-data; boundary=([\w'()+,./:=?-]{1,70})$/.exec(contentType)?.[1];
  if (boundary === undefined) throw new Error('no boundary');
  const parts: ParsedPart[] = [];
  let at = expectAt(body, 0, `--${boundary}\r\n`);
  while (true) {
    const next = body.indexOf(`\r\n--${boundary}`, at);
    if (next === -1) throw new Error('a part without an end');
    parts.push(parsePart(body.subarray(at, next)));
    at = next + `\r\n--${boundary}`.length;
    if (body.toString('latin1', at) === '--\r\n') return parts;
    at = expectAt(body, at, '\r\n');
  }
}

function expectAt(body: Buffer, at: number, text: string): number {
  if (body.toString('latin1', at, at + text.length) !== text) throw new Error(`expected a line at ${at}`);
  return at + text.length;
}

function parsePart(part: Buffer): ParsedPart {
  const end = part.indexOf('\r\n\r\n');
  if (end === -1) throw new Error('a part without a blank line');
  const headers = new Map<string, string>();
  for (const line of part.toString('utf8', 0, end).split('\r\n')) {
    const [, name, value] = /^([\w-]+): ([^\r\n]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error('a line that is not a header');
    if (headers.has(name.toLowerCase())) throw new Error('a header twice');
    headers.set(name.toLowerCase(), value);
  }
  const [, name, filename] = DISPOSITION.exec(headers.get('content-disposition') ?? '') ?? [];
  if (name === undefined) throw new Error('a part without a name');
  return { headers, name, filename, content: part.subarray(end + 4) };
}
