/** RFC 9110: these answers have no body, and `Response` refuses one. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

export interface ResponseParts {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | undefined;
  readonly url: URL;
  readonly redirected: boolean;
}

/** A WHATWG response of our own making; its `url` and `redirected` are as if the platform had made it. */
export function toResponse({ status, headers, body, url, redirected }: ResponseParts): Response {
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value.split('\n').map((one) => [name, one]),
  );
  const content = body instanceof Uint8Array ? new Uint8Array(body) : body;
  const response = new Response(WITHOUT_BODY.has(status) ? null : (content ?? null), {
    status,
    headers: entries,
  });
  const withoutFragment = new URL(url);
  withoutFragment.hash = '';
  Object.defineProperties(response, {
    url: { value: withoutFragment.href },
    redirected: { value: redirected },
  });
  return response;
}

/**
 * A body as a stream. `cancel` ends the exchange behind it; an error comes out as `failure` makes it.
 */
export function streamOf(
  body: AsyncIterable<Uint8Array>,
  { cancel, failure }: { readonly cancel: () => void; readonly failure: (error: unknown) => unknown },
): ReadableStream<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await iterator.next();
          if (next.done !== true) return controller.enqueue(new Uint8Array(next.value));
          controller.close();
        } catch (error) {
          controller.error(failure(error));
        }
      },
      async cancel() {
        cancel();
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
