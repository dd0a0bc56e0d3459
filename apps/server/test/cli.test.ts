import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestPostgres } from '../src/database/testing/postgres.ts';
import { eventually, type Ferry, startFerry } from './support/ferry.ts';
import { ROCKET } from './support/form.ts';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
let postgres: TestPostgres;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-cli-'));
  postgres = await TestPostgres.start();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** One command, as typed. */
function ferry(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      {
        cwd: folder,
        env: { PATH: process.env.PATH, FERRY_DATABASE__EMBEDDED: 'false', ...env },
        timeout: 60_000,
      },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

describe('beside a running gateway', () => {
  const ADMIN = 'correct-horse-battery';
  let running: Ferry;
  let env: Record<string, string>;
  beforeAll(async () => {
    const DATABASE_URL = await postgres.database();
    const shared = { FERRY_AUTH__ADMIN_KEY: 'env:ADMIN', ADMIN, DATABASE_URL };
    running = await startFerry({ env: shared });
    env = { ...shared, FERRY_SERVER__PORT: new URL(running.url).port };
    const up = async () => (await ferry(['keys', 'list'], env)).code === 0;
    expect(await eventually(up, 20_000)).toBe(true);
  });
  afterAll(() => running[Symbol.asyncDispose]());

  test('a setting is changed with a reason, seen, and rolled back with one command', async () => {
    const dry = await ferry(
      ['set', 'upload.reuse_session=true', '--why', 'fewer handshakes', '--dry-run'],
      env,
    );
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toContain('upload.reuse_session: false -> true');
    expect(dry.stdout).toContain('A dry run: nothing was changed.');

    const changed = await ferry(
      ['set', 'upload.reuse_session=true', 'pool.spares=3', '--why', 'less waiting'],
      env,
    );
    expect(changed.stdout).toContain('Revision 1 is in effect.');
    const shown = await ferry(['settings'], env);
    expect(shown.stdout).toMatch(/^Revision 1, by admin at .*: less waiting$/m);
    expect(shown.stdout).toMatch(/^upload\.reuse_session +true /m);

    expect((await ferry(['rollback'], env)).stdout).toContain('upload.reuse_session: true -> false');
    const history = await ferry(['history'], env);
    expect(history.stdout).toMatch(/^2 .*\n(.*\n)*1 .*less waiting/m);
    expect((await ferry(['settings'], env)).stdout).toMatch(/^upload\.reuse_session +false /m);
  });

  test('a value that the gateway refuses is refused in its words', async () => {
    const refused = await ferry(['set', 'pool.spares=many', '--why', 'x'], env);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/pool\.spares.*0 to 32/);
    expect(await ferry(['set', 'nonsense', '--why', 'x'], env)).toMatchObject({
      code: 1,
      stderr: '"nonsense" is no assignment, expected key=value.\n',
    });
  });

  test('a key is made, opens the API, and opens nothing once it is revoked', async () => {
    const key = (await ferry(['keys', 'add', 'blog'], env)).stdout.trim();
    expect(key).toMatch(/^ferry_[\w-]{43}$/);
    const models = async () => {
      const answer = await fetch(`${running.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
      await answer.body?.cancel();
      return answer.status;
    };
    expect(await models()).toBe(200);
    const id = /^(\S+) +blog/m.exec((await ferry(['keys', 'list'], env)).stdout)?.[1] ?? '';
    expect((await ferry(['keys', 'revoke', id], env)).stdout).toBe('Revoked.\n');
    expect(await models()).toBe(401);
  });

  test('its health is an exit code', async () => {
    expect(await ferry(['health'], env)).toEqual({ code: 0, stdout: 'ok\n', stderr: '' });
  });

  test('no command says a key', async () => {
    for (const args of [['config'], ['settings'], ['history']]) {
      const { stdout, stderr } = await ferry(args, env);
      expect(stdout + stderr).not.toContain(ADMIN);
    }
  });
});

describe('without a gateway', () => {
  test('health and settings say that none answers, with an exit code of their own', async () => {
    for (const args of [['health'], ['settings'], ['rollback']]) {
      const said = await ferry(args, { FERRY_SERVER__PORT: '1' });
      expect(said).toEqual({ code: 69, stdout: '', stderr: 'No gateway answers at http://127.0.0.1:1.\n' });
    }
  });

  test('keys are made in the database, where the next start finds them', async () => {
    const DATABASE_URL = await postgres.database();
    const key = (
      await ferry(['keys', 'add', 'blog'], { DATABASE_URL, FERRY_SERVER__PORT: '1' })
    ).stdout.trim();
    const again = await ferry(['keys', 'add', 'blog'], { DATABASE_URL, FERRY_SERVER__PORT: '1' });
    expect(again).toMatchObject({ code: 1, stderr: 'Another API key is called "blog".\n' });
    const ADMIN = 'correct-horse-battery';
    await using started = await startFerry({
      env: { FERRY_AUTH__ADMIN_KEY: 'env:ADMIN', ADMIN, FERRY_SERVER__HOST: '0.0.0.0', DATABASE_URL },
    });
    const answer = await fetch(`${started.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    await answer.body?.cancel();
    expect(answer.status).toBe(200);
  });

  test('an upload shows its attempts', async () => {
    const said = await ferry(['upload', ROCKET, '--no-reuse-session']);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toMatch(
      /^rocket\.jpg -> file-\S+ at simulator, \d+ bytes\nattempt 1 +h2 #\S+ fresh +status 200/,
    );
  });

  test('an upload of a file that is not there says so', async () => {
    await writeFile(join(folder, 'note.txt'), 'x');
    const said = await ferry(['upload', 'missing.jpg']);
    expect(said.code).toBe(1);
    expect(said.stderr).toContain('missing.jpg');
  });

  test('an unknown command or option is a usage error with a hint', async () => {
    for (const args of [['fly'], ['rollback', 'x'], ['set', 'pool.spares=1']]) {
      const said = await ferry(args);
      expect([args, said.code, said.stdout]).toEqual([args, 64, '']);
      expect(said.stderr).toMatch(/^error: /);
    }
    expect((await ferry(['--help'])).code).toBe(0);
  });
});
