/** What the Dockerfile does, step by step in a clean folder: no container engine is needed to see that it works. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, matchesGlob, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const ROOT = process.cwd();
/** nobody on Debian. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

let work: string;
let image: string;
/** As in an image: the checkout's may lie where other users cannot enter. */
let node: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'ferry-package-'));
  // Other users must be able to go through it to what they may read.
  await chmod(work, 0o755);
  const source = join(work, 'src');
  image = join(work, 'opt');
  await copyBuildContext(source);
  await run('bash', [join(source, 'scripts/package-server.sh'), image], { maxBuffer: 64 << 20 });
  await run('chmod', ['-R', 'a-w,a+rX', image]);
  node = join(work, 'node');
  await copyFile(process.execPath, node);
}, 300_000);

afterAll(async () => {
  await run('chmod', ['-R', 'u+w', work]);
  await rm(work, { recursive: true, force: true });
});

describe('the packaged gateway', () => {
  test('runs in the image on the Node that the workspace pins', async () => {
    const pinned = /^nodeVersion: (.+)$/m.exec(await readFile('pnpm-workspace.yaml', 'utf8'))?.[1];
    const images = (await readFile('Dockerfile', 'utf8')).match(/(?<=^FROM node:)\d+(\.\d+)*/gm);
    expect(images).toEqual([pinned, pinned]);
  });

  test('holds what it needs to run, and no source, no test and no secret', async () => {
    expect((await readdir(image)).sort()).toEqual([
      'README.md',
      'dist',
      'migrations',
      'node_modules',
      'package.json',
      'pnpm-lock.yaml',
      'pnpm-workspace.yaml',
    ]);
    const development = ['vitest', 'turbo', '@biomejs', 'playwright-core', 'autocannon', 'knip'];
    const installed = await readdir(join(image, 'node_modules/.pnpm'));
    expect(installed.filter((name) => development.some((tool) => name.startsWith(tool)))).toEqual([]);
  });

  test('edits an image as a user who may write to its data folder and /tmp alone, and leaves nothing in the latter', async () => {
    const before = await fingerprint(image);
    const data = join(work, 'data');
    for (const folder of [data, join(work, 'tmp')]) {
      await mkdir(folder, { mode: 0o700 });
      if (isRoot) await chown(folder, NOBODY, NOBODY);
    }
    await using gateway = await start(data);

    const form = new FormData();
    form.set('prompt', 'sepia');
    const picture = await readFile(join(ROOT, 'packages/upstream-sim/samples/rocket.jpg'));
    form.set('image', new Blob([picture]), 'rocket.jpg');
    const answer = await fetch(new URL('/api/v1/admin/img2img', gateway.origin), {
      method: 'POST',
      body: form,
    });
    const body: unknown = await answer.json();
    expect({ status: answer.status, body }).toMatchObject({
      status: 200,
      body: { uploads: [{ filename: 'rocket.jpg' }] },
    });
    const page = await fetch(new URL('/admin/img2img', gateway.origin));
    expect(await page.text()).toContain('/admin/assets/');

    expect(await gateway.stop()).toEqual([0, null]);
    expect(await fingerprint(image)).toBe(before);
    expect(await readdir(join(work, 'tmp'))).toEqual([]);
  });
});

test('the systemd unit is one that systemd accepts, and keeps the gateway away from the system', async (context) => {
  if (!(await hasSystemd())) {
    if (process.env.CI) throw new Error('systemd-analyze is missing: scripts/install-debian.sh installs it');
    context.skip('left out: systemd-analyze is not installed (scripts/install-debian.sh)');
  }
  // Verification wants the command to exist; where Node lies is the machine's business.
  const unit = (await readFile('ops/systemd/ferry.service', 'utf8')).replace(
    '/usr/bin/node',
    process.execPath,
  );
  const file = join(work, 'ferry.service');
  await writeFile(file, unit);
  const { stderr } = await run('systemd-analyze', ['verify', '--man=no', file]);
  expect(stderr).toBe('');
  const { stdout } = await run('systemd-analyze', ['security', '--offline=yes', '--no-pager', file]);
  expect(Number(/exposure level for ferry\.service: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(3);
});

const hasSystemd = () =>
  run('systemd-analyze', ['--version']).then(
    () => true,
    () => false,
  );

/** The tree as `COPY . .` would take it. */
async function copyBuildContext(to: string): Promise<void> {
  const ignored = (await readFile('.dockerignore', 'utf8')).split('\n').filter((line) => line !== '');
  await cp(ROOT, to, {
    recursive: true,
    filter: (path) => {
      const inside = relative(ROOT, path);
      return inside === '' || !ignored.some((pattern) => matchesGlob(inside, pattern));
    },
  });
}

interface Gateway extends AsyncDisposable {
  readonly origin: string;
  /** Ends it as a supervisor does; exit code and signal. */
  stop(): Promise<unknown[]>;
}

async function start(data: string): Promise<Gateway> {
  const child: ChildProcess = spawn(node, [join(image, 'dist/main.js')], {
    cwd: data,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      FERRY_SERVER__PORT: '0',
      FERRY_SERVER__DATA_DIR: data,
      TMPDIR: join(work, 'tmp'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  });
  const closed = once(child, 'close');
  if (child.stdout === null) throw new Error('the process has no output');
  const lines: string[] = [];
  let origin: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    origin = /Ferry is ready: (http:\/\/localhost:\d+)/.exec(line)?.[1];
    if (origin !== undefined) break;
  }
  if (origin === undefined) throw new Error(`the gateway did not start:\n${lines.join('\n')}`);
  child.stdout.resume();
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null) child.kill(signal);
    return await closed;
  };
  return {
    origin,
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  };
}

/** Every file below a folder with its size and time. */
async function fingerprint(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const lines = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return `${relative(folder, file)} ${size} ${mtimeMs}`;
    }),
  );
  return lines.sort().join('\n');
}
