import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';
import { SECRET_NAMES } from './without-secrets.ts';

/** What stands in the log after `write`, a line each. */
async function logged(write: (logger: Logger) => void): Promise<Record<string, unknown>[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-log-'));
  const path = join(folder, 'log');
  const file = await open(path, 'w');
  write(createLogger({ level: 'info', human: false, fd: file.fd }));
  await file.close();
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  await rm(folder, { recursive: true });
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const RAW = 'sk-0123456789';

test.each(SECRET_NAMES)('%s is redacted wherever it stands', async (name) => {
  const secret = { [name]: RAW };
  const lines = await logged((logger) => {
    logger.info(secret, 'a field');
    logger.info({ headers: secret }, 'in a field');
    logger.info({ request: { headers: secret } }, 'two deep');
    logger.info({ all: [secret] }, 'in a list');
    logger.info({ cause: Object.assign(new Error('no'), secret) }, 'on an error');
    logger.error(Object.assign(new Error('no'), { ...secret, headers: secret }));
    logger.child(secret).info('bound to a child');
    logger.child({ request_id: 'r' }).child({}).info({ headers: secret }, 'by a child');
  });
  expect(lines).toHaveLength(8);
  for (const line of lines) {
    expect(JSON.stringify(line)).not.toContain(RAW);
    expect(JSON.stringify(line)).toContain('[redacted]');
  }
});

test('what is logged stays as it is, and the rest of a line too', async () => {
  const headers = { cookie: RAW, accept: 'image/png' };
  const error = Object.assign(new RangeError('too large'), { headers });
  const [line] = await logged((logger) => logger.error({ err: error, list: [1, null], bytes: 3 }, 'Refused'));
  expect(line).toMatchObject({
    msg: 'Refused',
    list: [1, null],
    bytes: 3,
    err: { type: 'RangeError', message: 'too large', headers: { cookie: '[redacted]', accept: 'image/png' } },
  });
  expect(error.headers).toEqual({ cookie: RAW, accept: 'image/png' });
});
