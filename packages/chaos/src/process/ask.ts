import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

/** An answer of the gateway, its body read as JSON. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** Asks the gateway about itself, on a connection that is not kept: it must not be taken for one of a request. */
export async function ask(gateway: { readonly url: string }, path: string): Promise<Answered> {
  const asking = get(new URL(path, gateway.url), { agent: false });
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) };
}
