/**
 * Header fields from Node's flat list of names and values. Node's own object drops some repeated fields and V8 is slow with it; here all are
 * joined by `, ` (RFC 9110 section 5.3), and `set-cookie`, which cannot be, by a newline. Those of HTTP/2 itself (`:status`) are left out.
 */
export function responseHeaders(fields: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = (fields[at] ?? '').toLowerCase();
    if (name.startsWith(':')) continue;
    const value = fields[at + 1] ?? '';
    const separator = name === 'set-cookie' ? '\n' : ', ';
    const whole = Object.hasOwn(headers, name) ? `${headers[name]}${separator}${value}` : value;
    // Assigned, it would be lost: an object's prototype is no string.
    if (name === '__proto__') Object.defineProperty(headers, name, { ...PLAIN, value: whole });
    else headers[name] = whole;
  }
  return headers;
}

const PLAIN: PropertyDescriptor = { configurable: true, enumerable: true, writable: true };
