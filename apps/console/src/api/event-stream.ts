/** One dispatched event of a server-sent event stream. */
export interface StreamEvent {
  /** The `event` field; `message` when the stream named none. */
  readonly name: string;
  readonly data: string;
}

/**
 * Parses a server-sent event stream from text that arrives in pieces of any size.
 *
 * Follows the WHATWG HTML standard, section "Interpreting an event stream": lines end in LF, CR or CRLF (also when a
 * CRLF is split over two pieces), a line that begins with a colon is a comment, several `data` lines are joined by LF,
 * and an event without its closing blank line is never dispatched.
 *
 * @returns a function that takes the next piece and returns the events completed by it.
 */
export function eventStreamParser(): (piece: string) => StreamEvent[] {
  let pending = '';
  // How much of `pending` holds no line end: a picture in base64 is one line of megabytes, scanned once.
  let scanned = 0;
  let atStart = true;
  let name = '';
  let data: string[] = [];

  const takeLine = (line: string, events: StreamEvent[]): void => {
    if (line === '') {
      if (data.length > 0) events.push({ name: name || 'message', data: data.join('\n') });
      name = '';
      data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') name = value;
    else if (field === 'data') data.push(value);
  };

  return (piece) => {
    const events: StreamEvent[] = [];
    pending += piece;
    if (atStart && pending !== '') {
      pending = pending.replace(/^\uFEFF/, '');
      atStart = false;
    }
    for (;;) {
      const end = lineEnd(pending, scanned);
      if (end === -1) {
        scanned = pending.length;
        return events;
      }
      // A CR at the very end may be the first half of a CRLF: wait for what follows it.
      if (pending[end] === '\r' && end === pending.length - 1) return events;
      takeLine(pending.slice(0, end), events);
      pending = pending.slice(end + (pending.startsWith('\r\n', end) ? 2 : 1));
      scanned = 0;
    }
  };
}

function lineEnd(text: string, from: number): number {
  const pattern = /[\r\n]/g;
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? -1;
}
