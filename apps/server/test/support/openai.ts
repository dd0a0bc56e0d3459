import OpenAI from 'openai';
import { FerryProcess } from './ferry.ts';
import { SimulatorControl } from './simulator-control.ts';

export const ADMIN = 'correct-horse-battery';
const KEYS = { shop: 'a-key-of-the-shop', blog: 'a-key-of-the-blog' };
type Caller = keyof typeof KEYS;

/** A gateway as an operator runs it for clients of OpenAI's: an admin key, and two callers with keys of their own. */
export interface OpenAiGateway extends AsyncDisposable {
  readonly process: FerryProcess;
  readonly url: string;
  readonly simulator: SimulatorControl;
  /** OpenAI's own client, as `caller`; it tries once unless told otherwise. */
  client(caller?: Caller, options?: ConstructorParameters<typeof OpenAI>[0]): OpenAI;
  /** Without the client; what it would not send. */
  fetch(path: string, init?: RequestInit, caller?: Caller): Promise<Response>;
}

export async function startOpenAiGateway(
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly toml?: string;
    readonly database?: URL;
  } = {},
): Promise<OpenAiGateway> {
  const { env = {}, toml = '', database } = options;
  const process = await FerryProcess.spawn({
    database,
    toml: `${toml}
      [auth]
      admin_key = "env:ADMIN"
      [[api_key]]
      name = "shop"
      key = "env:SHOP"
      [[api_key]]
      name = "blog"
      key = "env:BLOG"`,
    env: { ADMIN, SHOP: KEYS.shop, BLOG: KEYS.blog, ...env },
  });
  try {
    const ready = await process.line(({ msg }) => msg.startsWith('Ferry is ready: '));
    const simulated = await process.line(({ msg }) => msg.startsWith('Simulated upstream at '));
    if (database !== undefined) await process.line(({ msg }) => msg === 'PostgreSQL is there');
    const url = new URL(ready.msg.slice('Ferry is ready: '.length)).origin;
    return {
      process,
      url,
      simulator: new SimulatorControl(String(simulated.control_url)),
      client: (caller = 'shop', more = {}) =>
        new OpenAI({ baseURL: `${url}/v1`, apiKey: KEYS[caller], maxRetries: 0, ...more }),
      fetch: (path, init = {}, caller = 'shop') =>
        fetch(`${url}${path}`, {
          ...init,
          headers: { authorization: `Bearer ${KEYS[caller]}`, ...init.headers },
        }),
      [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
    };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}
