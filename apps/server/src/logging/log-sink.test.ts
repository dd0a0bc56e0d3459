import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { expect, test } from 'vitest';

const LOGGER = new URL('./logger.ts', import.meta.url).href;

/** A process that logs a line of its own, then more than is kept, and lives to tell. */
const SCRIPT = `
  import { createLogger } from ${JSON.stringify(LOGGER)};
  const logger = createLogger({ level: 'info', human: process.argv[1] === 'human' });
  logger.info({}, 'first');
  for (let i = 0; i < 40; i += 1) logger.info({ i }, 'x'.repeat(50_000));
  process.exit(7);
`;

async function run(kind: 'human' | 'json', stdout: number): Promise<{ code: number; stderr: string }> {
  const child = spawn(
    process.execPath,
    ['--conditions=@ferry/source', '--input-type=module', '-e', SCRIPT, kind],
    { stdio: ['ignore', stdout, 'pipe'], cwd: new URL('.', import.meta.url) },
  );
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, stderr };
}

test.each(['json', 'human'] as const)('a full disk ends the %s log and not the process', async (kind) => {
  const { code, stderr } = await run(kind, openSync('/dev/full', 'w'));
  expect(stderr).toBe('The log cannot be written (ENOSPC): lines are lost until it can.\n');
  expect(code).toBe(7);
});
