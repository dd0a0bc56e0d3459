/** RFC 9110 section 5.6.2. */
const TOKEN = allowed(/[\w!#$%&'*+.^`|~-]/);
/** RFC 9110 section 5.5: visible characters, spaces, tabs, and what is left of Latin-1. */
const VALUE = allowed(/[\t\x20-\x7e\x80-\xff]/);

/**
 * Why these header fields can be sent by no version of HTTP; undefined when they can. A transport asks before it takes a connection:
 * the same request would fail on every other one too. Names the field, never its value.
 */
export function headerFault(headers: Readonly<Record<string, string>>): string | undefined {
  for (const name of Object.keys(headers)) {
    if (name === '' || !consistsOf(TOKEN, name))
      return 'the name of a header field holds characters that HTTP does not allow';
    if (!consistsOf(VALUE, headers[name] ?? ''))
      return `the header field ${name} holds characters that HTTP does not allow`;
  }
  return undefined;
}

/** By a character's code: 1 where it is allowed. Every request asks for each of its fields, which would take a regular expression longer. */
function allowed(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (pattern.test(String.fromCharCode(code)) ? 1 : 0));
}

function consistsOf(characters: Uint8Array, text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (characters[text.charCodeAt(at)] !== 1) return false;
  return true;
}
