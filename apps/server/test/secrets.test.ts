import { startConnectProxy } from '@ferry/core/testing';
import { expect, test } from 'vitest';
import { FerryProcess } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { HookReceiver } from './support/hook-receiver.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';
import { Upstream } from './support/upstream.ts';

/** Each of them is in use in the story below; none may be seen from outside. */
const SECRETS = {
  admin: 'admin-key-5d2f8c1b90e34a77',
  wrong: 'wrong-admin-key-71b3aa0c44',
  refused: 'xai-refused-0f1e2d3c4b5a6978',
  serving: 'xai-serving-9a8b7c6d5e4f3021',
  proxy: 'proxy-password-4e1f7ab2',
  webhook: 'webhook-secret-66f0c2d18e',
  idempotency: 'order-4711-of-a-customer',
  cookie: 'stolen-session-cookie-83bd',
} as const;

test('no secret is in the log, the metrics, the admin API or an error, whatever happens', async () => {
  await using upstream = await Upstream.start('--key', SECRETS.serving);
  await using receiver = await HookReceiver.start(401);
  const proxy = await startConnectProxy();
  const toml = [
    '[server]\nlog_level = "debug"',
    '[upload]\nproxy = "env:UPLOAD_PROXY"',
    '[retry]\nretry_backoff_base = 0.01',
    '[auth]\nadmin_key = "env:ADMIN"',
    '[alerts]\nmin_uploads = 1\nfor_s = 0',
    '[webhook]\nurl = "env:HOOK_URL"\nsecret = "env:HOOK"',
    '[[provider]]\nname = "mine"\nmodels = ["grok-imagine-image"]\nkeys = ["env:REFUSED", "env:SERVING"]',
    `base_url = "${upstream.url}"\nca_file = ${JSON.stringify(upstream.caFile)}`,
  ].join('\n');
  await using ferry = await FerryProcess.spawn({
    toml,
    // Where repeats are kept, and the settings' history.
    database: 'embedded',
    env: {
      ADMIN: SECRETS.admin,
      REFUSED: SECRETS.refused,
      SERVING: SECRETS.serving,
      HOOK: SECRETS.webhook,
      HOOK_URL: receiver.url,
      UPLOAD_PROXY: proxy.address(`user:${SECRETS.proxy}`),
    },
  });
  const { msg } = await ferry.line((line) => line.msg.startsWith('Ferry is ready: '));
  await ferry.line((line) => / is there$/.test(line.msg) && line.part === 'database');
  const url = new URL(msg.slice('Ferry is ready: '.length)).origin;
  const headers = {
    authorization: `Bearer ${SECRETS.admin}`,
    'idempotency-key': SECRETS.idempotency,
    cookie: `session=${SECRETS.cookie}`,
  };
  const seen: string[] = [];
  const edit = async (init: RequestInit = { headers }): Promise<number> => {
    const reply = await post(url, form({ prompt: 'x', image: picture() }), init);
    seen.push(JSON.stringify([reply.body, ...reply.headers]));
    return reply.status;
  };

  // The first key is refused, the second serves.
  expect(await edit()).toBe(200);
  expect(await edit({ headers: { authorization: `Bearer ${SECRETS.wrong}` } })).toBe(401);
  // An upstream that says the key back, in its status line's body, in a header, and in words.
  const echo = (status: number) => ({
    kind: 'status',
    status,
    when: 'after-body',
    headers: { 'x-echo': SECRETS.serving },
    body: JSON.stringify({ error: { message: `Bearer ${SECRETS.serving} is not welcome` } }),
  });
  for (const [path, status] of [
    [UPLOADS, 400],
    [UPLOADS, 500],
    [EDITS, 403],
    [EDITS, 500],
  ] as const) {
    await upstream.control.fault({ match: { path }, count: 'forever', fault: echo(status) });
    const idempotencyKey = `${SECRETS.idempotency}-${path}-${status}`;
    expect(await edit({ headers: { ...headers, 'idempotency-key': idempotencyKey } })).toBeGreaterThanOrEqual(
      400,
    );
    await upstream.control.reset();
  }
  await upstream.control.fault({
    match: { path: UPLOADS },
    fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' },
  });
  await edit({ headers: { ...headers, 'idempotency-key': `${SECRETS.idempotency}-last` } });
  await receiver.next();

  const admin = { headers: { authorization: headers.authorization } };
  for (const path of ['metrics', 'health/ready', 'docs-json'])
    seen.push(await (await fetch(`${url}/${path}`, admin)).text());
  for (const path of ['uploads', 'uploads?operation=edit', 'transport', 'alerts', 'settings', 'console']) {
    const response = await fetch(`${url}/api/v1/admin/${path}`, admin);
    expect(response.status, path).toBe(200);
    seen.push(await response.text());
  }
  ferry.kill('SIGTERM');
  await ferry.exit();
  await proxy.close();
  seen.push(ferry.stdout, ferry.stderr);

  const everything = seen.join('\n');
  // That it looks at the right thing: what may be known is there.
  for (const word of ['mine-1', 'mine-2', 'Upload success', 'HTTP/2 error during upload', 'Alert firing']) {
    expect(everything).toContain(word);
  }
  for (const [name, secret] of Object.entries(SECRETS)) {
    expect(everything.includes(secret), `${name} is seen`).toBe(false);
    expect(everything.includes(Buffer.from(`user:${secret}`).toString('base64')), `${name} is seen`).toBe(
      false,
    );
  }
});
