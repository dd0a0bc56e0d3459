/** `database.url`, or `DATABASE_URL` as other tools know it. It holds a password, so it is never shown. */
import type { Environment } from './environment.ts';

/**
 * @param read what a reference stands for; undefined when it is not there.
 * @throws Error that names the key or variable which is no PostgreSQL's address, without its value.
 */
export function resolveDatabaseUrl(
  reference: string | undefined,
  env: Environment,
  read: (reference: string) => string | undefined,
): string | undefined {
  const url = reference === undefined ? env.DATABASE_URL?.trim() : read(reference);
  if (url === undefined || url === '') return undefined;
  const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if (protocol === 'postgres:' || protocol === 'postgresql:') return url;
  throw new Error(
    `${reference === undefined ? 'DATABASE_URL' : `database.url: "${reference}"`} is no address of a PostgreSQL, ` +
      'expected one such as "postgres://user:password@host:5432/name"',
  );
}
