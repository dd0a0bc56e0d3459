import type { FastifyInstance } from 'fastify';

/** Which methods a path knows, for 405 with `allow` (RFC 9110 section 15.5.6) where Fastify only has 404. */
export class RouteMethods {
  readonly #routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  /** Must be called before routes are added. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      this.#routes.push({ pattern: patternOf(url), methods: [method].flat() });
    });
  }

  /** The methods of `path`, sorted; empty when no route has it. */
  of(path: string): string[] {
    const methods = this.#routes.flatMap(({ pattern, methods }) => (pattern.test(path) ? methods : []));
    return [...new Set(methods)].sort();
  }
}

/** find-my-way's patterns as far as they are used here: literal segments, `:name`, a final `*`. */
function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) =>
      segment.startsWith(':') ? '[^/]+' : segment.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace('*', '.*'),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}
