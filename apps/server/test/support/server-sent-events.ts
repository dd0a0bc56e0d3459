/** Reads server-sent events one by one, as a page does. */
export interface ServerSentEvents extends Disposable {
  /** The next event. Rejects when the server ends the answer, or none comes in time. */
  next(): Promise<{ readonly event: string; readonly data: unknown }>;
}

const LATE_MS = 20_000;

export async function readEvents(url: string, init: RequestInit = {}): Promise<ServerSentEvents> {
  const stop = new AbortController();
  const response = await fetch(url, {
    ...init,
    headers: { accept: 'text/event-stream', ...init.headers },
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(LATE_MS)]),
  });
  if (response.status !== 200 || response.body === null) throw new Error(`answered ${response.status}`);
  const events = parse(response.body.pipeThrough(new TextDecoderStream()));
  return {
    async next() {
      const { done, value } = await events.next();
      if (done === true) throw new Error('the events have ended');
      return value;
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}

async function* parse(
  chunks: AsyncIterable<string>,
): AsyncGenerator<{ event: string; data: unknown }, void, undefined> {
  let text = '';
  for await (const chunk of chunks) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      // A comment that keeps the connection alive is no event.
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) };
    }
  }
}
