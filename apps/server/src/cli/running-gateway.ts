import { z } from 'zod';
import { isLoopbackHost } from '../auth/loopback.ts';
import type { LoadedConfig } from '../config/load.ts';
import { CliError, EXIT_UNAVAILABLE } from './cli-error.ts';

const errorBody = z.object({ error: z.object({ message: z.string() }) });

/** How long a command waits for an answer. Milliseconds. */
const ANSWER_MS = 15_000;

/**
 * The gateway that runs with this configuration, asked over HTTP with its own admin key: what a command changes there is in
 * effect at once.
 */
export class RunningGateway {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ config, secrets }: LoadedConfig) {
    const { host, port } = config.server;
    this.url = `http://${reachable(host)}:${port}`;
    const { admin_key } = config.auth;
    this.#headers = {
      accept: 'application/json',
      ...(admin_key !== undefined && { authorization: `Bearer ${secrets.read(admin_key)}` }),
    };
  }

  /**
   * @returns the answer's JSON; undefined for one without a body.
   * @throws CliError when there is no answer (exit code 69) or it is an error.
   */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.#fetch(method, path, body);
    const text = await response.text();
    const json: unknown = text === '' ? undefined : safeJson(text);
    if (response.ok) return json;
    const said = errorBody.safeParse(json);
    throw new CliError(said.success ? said.data.error.message : `The gateway answered ${response.status}.`);
  }

  /** Whether anything answers at the address. */
  async answers(): Promise<boolean> {
    try {
      await (await this.#fetch('GET', '/health/live')).body?.cancel();
      return true;
    } catch {
      return false;
    }
  }

  async #fetch(method: string, path: string, body?: unknown): Promise<Response> {
    try {
      return await fetch(`${this.url}${path}`, {
        method,
        headers: { ...this.#headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch {
      throw new CliError(`No gateway answers at ${this.url}.`, EXIT_UNAVAILABLE);
    }
  }
}

/** An address that is listened on as one that can be connected to. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  if (isLoopbackHost(host)) return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return host.includes(':') ? `[${host}]` : host;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
