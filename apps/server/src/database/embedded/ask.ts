import { Client, type ClientConfig } from 'pg';

/** `busy`: one is there, and starts, recovers or stops. */
export type Answer = 'ready' | 'busy' | 'silent';

const ANSWER_MS = 2_000;

/**
 * Whether a server answers; with `data`, whether it is the one of that folder. Only an answer counts: lock files outlive
 * their server, and process numbers are given again.
 */
export async function ask(config: ClientConfig, data?: string): Promise<Answer> {
  const client = new Client({ ...config, connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (data === undefined) return 'ready';
    const { rows } = await client.query('show data_directory');
    return rows[0]?.data_directory === data ? 'ready' : 'silent';
  } catch (error) {
    // cannot_connect_now, too_many_connections
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === '57P03' || code === '53300' ? 'busy' : 'silent';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Whether anybody but us is connected. We are known by our `application_name`: the server lists a connection of ours for a moment
 * after we have closed it.
 */
export async function otherInstances(config: ClientConfig): Promise<boolean> {
  const client = new Client({ ...config, connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query(
      "select 1 from pg_stat_activity where backend_type = 'client backend' and application_name <> current_setting('application_name') limit 1",
    );
    return rows.length > 0;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
