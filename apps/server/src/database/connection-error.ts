/** Tells "the database is away" from "the query is wrong". */

/** SQLSTATE classes and codes that say so (PostgreSQL manual, appendix A). */
const CLASS_CONNECTION = '08';
const AWAY_STATES: ReadonlySet<string> = new Set([
  '53300', // too_many_connections
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: starting, stopping or recovering
  '57P05', // idle_session_timeout
  '25006', // read_only_sql_transaction: what was the primary is a standby now
]);

/** Node's codes of a socket that cannot be opened or broke. */
const SOCKET_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
]);

/** pg has no codes for these (pg 8.23: client.js, pg-pool's index.js). */
const MESSAGES =
  /^(Connection terminated|Client was closed|Client has encountered a connection error|timeout exceeded when trying to connect|timeout expired|Query read timeout|Cannot use a pool after calling end)/;

/** The error, or the one it was caused by, that says the connection is gone or cannot be had; undefined for others. */
export function connectionError(thrown: unknown): Error | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (code.startsWith(CLASS_CONNECTION) || AWAY_STATES.has(code) || SOCKET_CODES.has(code)) return error;
    if (MESSAGES.test(error.message)) return error;
  }
  return undefined;
}

/** A reason that may be shown: pg's own words can name the host and the user. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return reasonOf(thrown.errors[0]);
  if (!(thrown instanceof Error)) return 'it cannot be reached';
  // drizzle's own message is the query with its parameters.
  if (thrown.cause instanceof Error) return reasonOf(thrown.cause);
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  if (code === undefined) return thrown.message;
  if (code.startsWith('28')) return `it refuses the sign-in (${code})`;
  if (code === '3D000') return `there is no database of that name (${code})`;
  if (/^[0-9A-Z]{5}$/.test(code) && !SOCKET_CODES.has(code)) return `${thrown.message} (${code})`;
  return `it cannot be reached (${code})`;
}
