/** RFC 9110 section 5.6.2. */
const TOKEN = /[\w!#$%&'*+.^`|~-]/;
/** RFC 9110 section 5.5: visible characters, spaces, tabs, and what is left of Latin-1. */
const VALUE = /[\t\x20-\x7e\x80-\xff]/;

/** Looked up, since two regular expressions a field are a microsecond of every upload. */
const IN_TOKEN = latin1(TOKEN);
const IN_VALUE = latin1(VALUE);

/**
 * Why these header fields can be sent by no version of HTTP; undefined when they can. A transport asks before it takes a connection:
 * the same request would fail on every other one too. Names the field, never its value.
 */
export function headerFault(headers: Readonly<Record<string, string>>): string | undefined {
  for (const name of Object.keys(headers)) {
    if (name === '' || !isMadeOf(name, IN_TOKEN)) {
      return 'the name of a header field holds characters that HTTP does not allow';
    }
    if (!isMadeOf(headers[name] ?? '', IN_VALUE)) {
      return `the header field ${name} holds characters that HTTP does not allow`;
    }
  }
  return undefined;
}

/** Of each character of Latin-1, whether it is allowed. */
function latin1(allowed: RegExp): readonly boolean[] {
  return Array.from({ length: 256 }, (_, code) => allowed.test(String.fromCharCode(code)));
}

function isMadeOf(text: string, allowed: readonly boolean[]): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= allowed.length || allowed[code] === false) return false;
  }
  return true;
}
