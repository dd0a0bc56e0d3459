import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { eventually, type Ferry, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { type HookPost, HookReceiver } from './support/hook-receiver.ts';
import { UPLOADS } from './support/simulator-control.ts';

const SECRET = 'webhook-secret-0123456789';
const NAME = 'FerryUploadsFailingBadly';

interface Alerts {
  readonly data: readonly {
    readonly name: string;
    readonly state: string;
    readonly value: number | null;
    readonly threshold: number;
  }[];
  readonly figures: { readonly uploads: number; readonly success_rate: number | null };
}

const alerts = async ({ url }: Ferry): Promise<Alerts> =>
  (await (await fetch(`${url}/api/v1/admin/alerts`)).json()) as Alerts;

const stateOf = async (ferry: Ferry): Promise<string | undefined> =>
  (await alerts(ferry)).data.find(({ name }) => name === NAME)?.state;

const edit = (ferry: Ferry) => post(ferry.url, form({ prompt: 'x', image: picture() }));

/** The next post about the alert that this story is about. */
async function told(
  receiver: HookReceiver,
): Promise<HookPost & { readonly alert: { readonly state: string } }> {
  for (;;) {
    const hook = await receiver.next();
    const { alert } = JSON.parse(hook.body);
    if (alert.name === NAME) return { ...hook, alert };
  }
}

test('uploads that fail fire an alert, which the webhook hears of, and which resolves when they arrive again', async () => {
  await using receiver = await HookReceiver.start();
  await using ferry = await startFerry({
    env: {
      FERRY_ALERTS__WINDOW_S: '10',
      FERRY_ALERTS__MIN_UPLOADS: '3',
      FERRY_ALERTS__FOR_S: '1',
      FERRY_WEBHOOK__URL: receiver.url,
      FERRY_WEBHOOK__SECRET: 'env:HOOK_SECRET',
      HOOK_SECRET: SECRET,
    },
  });
  expect(await stateOf(ferry)).toBe('inactive');

  await ferry.simulator.fault({
    match: { path: UPLOADS },
    count: 'forever',
    fault: { kind: 'status', status: 404, when: 'after-body' },
  });
  for (let i = 0; i < 3; i += 1) expect((await edit(ferry)).status).toBe(502);
  expect(await eventually(async () => (await stateOf(ferry)) === 'firing')).toBe(true);
  expect((await alerts(ferry)).figures).toMatchObject({ uploads: 3, success_rate: 0 });
  const fired = await told(receiver);
  expect(fired.alert).toMatchObject({ state: 'firing', severity: 'critical', value: 0, threshold: 0.9 });
  const signed = `${fired.headers['x-ferry-timestamp']}.${fired.body}`;
  expect(fired.headers['x-ferry-signature']).toBe(
    `sha256=${createHmac('sha256', SECRET).update(signed).digest('hex')}`,
  );
  const metrics = await (await fetch(`${ferry.url}/metrics`)).text();
  expect(metrics).toContain(`ferry_alert_state{alert="${NAME}",severity="critical"} 2`);

  await ferry.simulator.reset();
  expect((await edit(ferry)).status).toBe(200);
  // What failed leaves the window after its ten seconds.
  expect(await eventually(async () => (await stateOf(ferry)) === 'resolved', 20_000)).toBe(true);
  expect((await told(receiver)).alert.state).toBe('resolved');
  const lines = ferry.process.messages().filter((line) => line.includes(NAME));
  expect(lines).toContain(`Alert firing: ${NAME}. Many uploads fail.`);
  expect(lines).toContain(`Alert resolved: ${NAME}`);
  expect(ferry.process.stdout).not.toContain(SECRET);
});

test('callers who go away fire nothing', async () => {
  await using ferry = await startFerry({
    env: { FERRY_ALERTS__MIN_UPLOADS: '1', FERRY_ALERTS__FOR_S: '0', FERRY_ALERTS__WINDOW_S: '60' },
  });
  await ferry.simulator.fault({ match: { path: UPLOADS }, fault: { kind: 'silence', readBody: true } });
  const gone = new AbortController();
  const answer = post(ferry.url, form({ prompt: 'x', image: picture() }), { signal: gone.signal });
  expect(await eventually(async () => (await ferry.simulator.requests(UPLOADS)).length === 1)).toBe(true);
  gone.abort();
  await expect(answer).rejects.toThrow();
  await edit(ferry);
  expect((await alerts(ferry)).figures).toMatchObject({ uploads: 1, success_rate: 1 });
  expect(new Set((await alerts(ferry)).data.map(({ state }) => state))).toEqual(new Set(['inactive']));
});

test('thresholds can be switched off', async () => {
  await using ferry = await startFerry({
    env: { FERRY_ALERTS__ENABLED: 'false', FERRY_ALERTS__MIN_UPLOADS: '1', FERRY_ALERTS__FOR_S: '0' },
  });
  await ferry.simulator.fault({
    match: { path: UPLOADS },
    fault: { kind: 'status', status: 404, when: 'after-body' },
  });
  await edit(ferry);
  expect((await alerts(ferry)).figures).toMatchObject({ success_rate: 0 });
  expect(await stateOf(ferry)).toBe('inactive');
});
