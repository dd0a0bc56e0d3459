import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { eventually, FerryProcess, isAlive, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { EDITS } from './support/simulator-control.ts';

const SLOW_EDIT = { match: { path: EDITS }, fault: { kind: 'delay', ms: 1_500 } };

test('SIGTERM lets running requests finish, turns new ones away, and leaves nothing behind', async () => {
  await using ferry = await startFerry();
  await ferry.simulator.fault(SLOW_EDIT);
  const running = post(ferry.url, form({ prompt: 'x', image: picture() }));
  expect(await eventually(async () => (await ferry.simulator.requests(EDITS)).length === 1)).toBe(true);
  ferry.process.kill('SIGTERM');
  await ferry.process.line(({ msg }) => msg.startsWith('SIGTERM: '));
  await expect(fetch(`${ferry.url}/health/live`, { headers: { connection: 'close' } })).rejects.toThrow();
  expect((await running).status).toBe(200);
  expect(await ferry.process.exit()).toEqual({ code: 0, signal: null });
  expect(ferry.process.messages()).toContain('Ferry has stopped: 1 request finished, 0 could not in time');
  expect(isAlive(ferry.simulatorPid)).toBe(false);
});

test('a request that outlasts the grace is ended with 503', async () => {
  await using ferry = await startFerry({ env: { FERRY_SERVER__SHUTDOWN_GRACE_MS: '200' } });
  await ferry.simulator.fault({ match: { path: EDITS }, fault: { kind: 'silence', readBody: true } });
  const running = post(ferry.url, form({ prompt: 'x', image: picture() }));
  expect(await eventually(async () => (await ferry.simulator.requests(EDITS)).length === 1)).toBe(true);
  ferry.process.kill('SIGTERM');
  const reply = await running;
  expect([reply.status, reply.body.error?.code]).toEqual([503, 'shutting_down']);
  // The edit was under way: whoever retries by itself would pay twice.
  expect(reply.headers.get('x-should-retry')).toBe('false');
  expect(await ferry.process.exit()).toEqual({ code: 0, signal: null });
  expect(ferry.process.messages()).toContain('Ferry has stopped: 0 requests finished, 1 could not in time');
});

test('a second signal ends it at once, and the simulator with it', async () => {
  await using ferry = await startFerry();
  await ferry.simulator.fault({ match: { path: EDITS }, fault: { kind: 'silence', readBody: true } });
  const running = post(ferry.url, form({ prompt: 'x', image: picture() })).catch(() => undefined);
  expect(await eventually(async () => (await ferry.simulator.requests(EDITS)).length === 1)).toBe(true);
  ferry.process.kill('SIGINT');
  await ferry.process.line(({ msg }) => msg.startsWith('SIGINT: '));
  ferry.process.kill('SIGINT');
  expect((await ferry.process.exit()).code).toBe(1);
  await running;
  expect(await eventually(() => !isAlive(ferry.simulatorPid))).toBe(true);
});

test('a gateway killed with -9 leaves no simulator', async () => {
  await using ferry = await startFerry();
  ferry.process.kill('SIGKILL');
  await ferry.process.exited;
  expect(await eventually(() => !isAlive(ferry.simulatorPid))).toBe(true);
});

test('a simulator that dies is replaced, and requests work again', async () => {
  await using ferry = await startFerry();
  process.kill(ferry.simulatorPid, 'SIGKILL');
  await ferry.process.line(({ msg }) => /^Simulated upstream ended \(SIGKILL\)/.test(msg));
  await ferry.process.line(
    ({ msg, simulator_pid }) =>
      msg.startsWith('Simulated upstream at ') && simulator_pid !== ferry.simulatorPid,
  );
  expect((await post(ferry.url, form({ prompt: 'x', image: picture() }))).status).toBe(200);
});

test('a port that is in use is said in one sentence', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await using ferry = await FerryProcess.spawn({ env: { FERRY_SERVER__PORT: String(port) } });
  expect((await ferry.exit()).code).toBe(78);
  expect(ferry.stderr).toBe(
    'Ferry cannot start: a mistake in the configuration\n' +
      `  server.port: ${port} on 127.0.0.1 is in use by another process, expected a free port\n`,
  );
  taken.close();
});

test('a wrong value stops the start with key, value and what was expected, without a stack', async () => {
  await using ferry = await FerryProcess.spawn({ toml: '[upload]\ntransport = "curl"\n' });
  expect((await ferry.exit()).code).toBe(78);
  expect(ferry.stderr).toBe(
    'Ferry cannot start: a mistake in the configuration\n' +
      '  upload.transport (ferry.toml): got "curl", expected one of "auto", "undici", "http1"\n',
  );
});

test('a folder that cannot be made stops the start', async () => {
  await using ferry = await FerryProcess.spawn({ env: { FERRY_SERVER__DATA_DIR: '/dev/null/ferry' } });
  expect((await ferry.exit()).code).toBe(78);
  expect(ferry.stderr).toContain('server.data_dir: "/dev/null/ferry" cannot be made');
});

test('`config` prints the effective configuration with its sources and no secret', async () => {
  await using ferry = await FerryProcess.spawn({
    args: ['config'],
    toml: '[auth]\nadmin_key = "env:ADMIN"\n',
    env: { ADMIN: 'hunter2-hunter2', FERRY_SERVER__PORT: '8000' },
  });
  expect((await ferry.exit()).code).toBe(0);
  expect(ferry.stdout).toMatch(/^port = 8000 +# FERRY_SERVER__PORT$/m);
  expect(ferry.stdout).toMatch(/^admin_key = "env:ADMIN" +# ferry\.toml$/m);
  expect(ferry.stdout).not.toContain('hunter2');
});

test('a gateway whose upstream takes no connections is not ready, and is again when it does', async () => {
  const upstream = createServer((socket) => socket.destroy());
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { port } = upstream.address() as { port: number };
  const provider = { name: 'x', base_url: `http://127.0.0.1:${port}`, models: ['m'], keys: ['env:KEY'] };
  await using ferry = await FerryProcess.spawn({
    env: { FERRY_PROVIDER: JSON.stringify([provider]), KEY: 'k', FERRY_DATABASE__EMBEDDED: 'false' },
  });
  const { msg } = await ferry.line((line) => line.msg.startsWith('Ferry is ready: '));
  const url = new URL(msg.slice('Ferry is ready: '.length)).origin;
  const ready = async () => {
    const answer = await fetch(`${url}/health/ready`);
    const { checks } = (await answer.json()) as { checks: Record<string, string> };
    return [answer.status, checks.upstream];
  };
  expect(await ready()).toEqual([200, 'ok']);
  upstream.close();
  expect(await eventually(async () => (await ready())[0] === 503, 20_000)).toBe(true);
  expect((await ready())[1]).toBe('failed');
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  upstream.listen(port, '127.0.0.1');
  await once(upstream, 'listening');
  expect(await eventually(async () => (await ready())[0] === 200, 20_000)).toBe(true);
  upstream.close();
});
