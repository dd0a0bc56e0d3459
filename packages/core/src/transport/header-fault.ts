/** RFC 9110 section 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
/** RFC 9110 section 5.5: visible characters, spaces, tabs, and what is left of Latin-1. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Why these header fields can be sent by no version of HTTP; undefined when they can. A transport asks before it takes a connection:
 * the same request would fail on every other one too. Names the field, never its value.
 */
export function headerFault(headers: Readonly<Record<string, string>>): string | undefined {
  for (const name of Object.keys(headers)) {
    if (!TOKEN.test(name)) return 'the name of a header field holds characters that HTTP does not allow';
    if (!VALUE.test(headers[name] ?? ''))
      return `the header field ${name} holds characters that HTTP does not allow`;
  }
  return undefined;
}
