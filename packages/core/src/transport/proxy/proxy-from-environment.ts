import type { ProxyOptions } from './proxy-options.ts';
import { ProxyServer } from './proxy-server.ts';

/**
 * The proxies that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name. The lower-case name wins, as in curl, and an empty value
 * counts as none. `HTTP_PROXY` is not read in a CGI process (`REQUEST_METHOD` is set), where it is a header that any client
 * can send (CVE-2016-5385).
 * @throws Error that names the variable which is not a proxy's address, without its value.
 */
export function proxyFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxyOptions {
  const cgi = env.REQUEST_METHOD !== undefined && env.REQUEST_METHOD !== '';
  return {
    httpsProxy: checked(first(env, 'https_proxy', 'HTTPS_PROXY')),
    httpProxy: checked(first(env, 'http_proxy', ...(cgi ? [] : ['HTTP_PROXY']))),
    noProxy: first(env, 'no_proxy', 'NO_PROXY')?.value,
  };
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

function first(
  env: Readonly<Record<string, string | undefined>>,
  ...names: readonly string[]
): Variable | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') return { name, value };
  }
  return undefined;
}

function checked(variable: Variable | undefined): string | undefined {
  if (variable !== undefined) ProxyServer.parse(variable.value, variable.name);
  return variable?.value;
}
