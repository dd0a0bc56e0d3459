import { createHmac } from 'node:crypto';
import { systemClock } from '@ferry/core';
import { afterEach, expect, test } from 'vitest';
import { type HookPost, HookReceiver } from '../../test/support/hook-receiver.ts';
import type { AlertView } from './alert-view.ts';
import { Webhook } from './webhook.ts';

const SECRET = 'webhook-secret-0123456789';
const ALERT: AlertView = {
  name: 'FerryUploadsFailing',
  severity: 'warning',
  summary: 'Uploads fail.',
  state: 'firing',
  since: 1,
  resolved_at: null,
  value: 0.5,
  measure: 'success-rate',
  bad: 'below',
  threshold: 0.95,
  window_s: 300,
  min_uploads: 10,
  for_s: 60,
};

const lines: string[] = [];
const log = (_fields: object, text: string): void => void lines.push(text);
const logger = { info: log, warn: log, error: log } as never;
afterEach(() => {
  lines.length = 0;
});

const webhookTo = (url: string, secret?: string): Webhook =>
  new Webhook({
    target: { url, ...(secret !== undefined && { secret }) },
    clock: systemClock,
    logger,
    backoffMs: 1,
  });

const signed = ({ headers, body }: HookPost): string =>
  `sha256=${createHmac('sha256', SECRET).update(`${headers['x-ferry-timestamp']}.${body}`).digest('hex')}`;

test('an alert arrives once, with a signature over its time and its body', async () => {
  await using receiver = await HookReceiver.start();
  using webhook = webhookTo(receiver.url, SECRET);
  webhook.tell(ALERT);
  const post = await receiver.next();
  expect(post.headers['x-ferry-signature']).toBe(signed(post));
  expect(Math.abs(Date.now() / 1_000 - Number(post.headers['x-ferry-timestamp']))).toBeLessThan(60);
  expect(JSON.parse(post.body)).toEqual({
    type: 'ferry.alert',
    id: post.headers['x-ferry-delivery'],
    alert: ALERT,
  });
});

test('without a secret there is no signature', async () => {
  await using receiver = await HookReceiver.start();
  using webhook = webhookTo(receiver.url);
  webhook.tell(ALERT);
  expect((await receiver.next()).headers).not.toHaveProperty('x-ferry-signature');
});

test('a receiver that is busy is told again, under the same delivery id, and in order', async () => {
  await using receiver = await HookReceiver.start(503, 429);
  using webhook = webhookTo(receiver.url, SECRET);
  webhook.tell(ALERT);
  webhook.tell({ ...ALERT, state: 'resolved' });
  const posts = [await receiver.next(), await receiver.next(), await receiver.next(), await receiver.next()];
  expect(posts.map(({ body }) => JSON.parse(body).alert.state)).toEqual([
    'firing',
    'firing',
    'firing',
    'resolved',
  ]);
  expect(new Set(posts.slice(0, 3).map(({ headers }) => headers['x-ferry-delivery'])).size).toBe(1);
});

test('it gives up after five tries', async () => {
  await using receiver = await HookReceiver.start(500, 500, 500, 500, 500);
  using webhook = webhookTo(receiver.url, SECRET);
  webhook.tell(ALERT);
  webhook.tell({ ...ALERT, state: 'resolved' });
  const posts = [];
  while (posts.length < 6) posts.push(JSON.parse((await receiver.next()).body).alert.state);
  expect(posts).toEqual([...Array.from({ length: 5 }, () => 'firing'), 'resolved']);
  expect(lines).toContain('Could not tell the webhook of FerryUploadsFailing: it answered 500');
});

test('a receiver that refuses is not asked again', async () => {
  await using receiver = await HookReceiver.start(401);
  using webhook = webhookTo(receiver.url, SECRET);
  webhook.tell(ALERT);
  webhook.tell({ ...ALERT, state: 'resolved' });
  await receiver.next();
  expect(JSON.parse((await receiver.next()).body).alert.state).toBe('resolved');
});

test('a redirect is not followed', async () => {
  await using receiver = await HookReceiver.start(307);
  using webhook = webhookTo(receiver.url, SECRET);
  webhook.tell(ALERT);
  webhook.tell({ ...ALERT, state: 'resolved' });
  expect((await receiver.next()).path).toBe('/hook');
  expect(JSON.parse((await receiver.next()).body).alert.state).toBe('resolved');
});

test('neither the address nor the secret is in the log', async () => {
  await using receiver = await HookReceiver.start(401);
  using webhook = webhookTo(`${receiver.url}/T0KEN-in-the-path`, SECRET);
  webhook.tell(ALERT);
  webhook.tell(ALERT);
  await receiver.next();
  await receiver.next();
  expect(lines.join()).not.toContain('T0KEN');
  expect(lines.join()).not.toContain(SECRET);
});
