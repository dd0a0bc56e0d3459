import { silentLogger, singleCredential, systemClock } from '@ferry/core';
import { xai } from '@ferry/providers';
import { expect, onTestFinished, test } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { LiveUpstreams } from '../telemetry/live-upstreams.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { expiresAfterSeconds } from './client-settings.ts';
import { ConnectedUpstream } from './connected-upstream.ts';

const config = (tree: object = {}) => configSchema.parse(tree);

/** An upstream that nobody asks: no connection is opened. */
function connected(): { upstream: ConnectedUpstream; live: LiveUpstreams } {
  const telemetry = new Telemetry({
    clock: systemClock,
    onBroken: (_, error) => expect(error).toBeUndefined(),
  });
  const live = new LiveUpstreams(telemetry);
  const upstream = new ConnectedUpstream(
    {
      name: 'xai',
      provider: (current) => xai({ name: 'xai', expiresAfterSeconds: expiresAfterSeconds(current) ?? 4_000 }),
      simulated: false,
      credentials: singleCredential('a-key'),
      reach: {},
      watch: live.watch('xai'),
    },
    config(),
    silentLogger,
  );
  onTestFinished(() => upstream.close());
  return { upstream, live };
}

/** Changes settings, and tells whether new requests get another upstream, and another one of each kind of connections. */
function change(to: object): readonly boolean[] {
  const { upstream, live } = connected();
  const before = upstream.upstream;
  const pools = (use: 'isolated' | 'shared') =>
    live
      .pools()
      .filter((pool) => pool.use === use)
      .map(({ transport }) => transport);
  const [isolated, shared] = [pools('isolated'), pools('shared')];
  using _held = upstream.hold();
  upstream.reconfigure(config(to));
  return [
    upstream.upstream !== before,
    pools('isolated').some((pool) => !isolated.includes(pool)),
    pools('shared').some((pool) => !shared.includes(pool)),
  ];
}

test.each([
  ['nothing', {}, [false, false, false]],
  [
    'what a request reads for itself',
    { upload: { reuse_session: true, max_images: 1 } },
    [false, false, false],
  ],
  ['when HTTP/2 is given up', { fallback: { hold_s: 5, min_requests: 1 } }, [false, false, false]],
  ['how it is retried', { retry: { max_retry: 0 } }, [true, false, false]],
  ['how long an attempt waits', { limits: { idle_ms: 500 } }, [true, false, false]],
  ['when uploads expire', { upload: { expires_after_s: 0 } }, [true, false, false]],
  ['spares', { pool: { spares: 0 } }, [true, true, false]],
  ['shared connections', { pool: { max_streams: 1 } }, [true, false, true]],
  ['the protocol', { upload: { transport: 'http1' } }, [true, true, true]],
])('a change of %s replaces what it changes and nothing else', (_, to, replaced) => {
  expect(change(to)).toEqual(replaced);
});

test('replaced connections are kept for those who hold them, and closed when the last lets go', async () => {
  const { upstream, live } = connected();
  const first = upstream.hold();
  const second = upstream.hold();
  upstream.reconfigure(config({ upload: { transport: 'undici' } }));
  expect(live.pools()).toHaveLength(6);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(live.pools()).toHaveLength(6);
  second[Symbol.dispose]();
  await expect.poll(() => live.pools().length).toBe(2);
});

test('keys and their rests are the same for the connections that follow', () => {
  const { upstream } = connected();
  const { credentials } = upstream.upstream;
  upstream.reconfigure(config({ upload: { transport: 'http1' }, retry: { max_retry: 1 } }));
  expect(upstream.upstream.credentials).toBe(credentials);
});

test('an upload says to the upstream when it expires, as the settings have it', () => {
  const { upstream } = connected();
  const expires = () => {
    const { provider } = upstream.upstream;
    return provider.delivery === 'by-file-id' ? provider.uploadEndpoint().fields.expires_after : 'inline';
  };
  expect(expires()).toBe('86400');
  upstream.reconfigure(config({ upload: { expires_after_s: 7_200 } }));
  expect(expires()).toBe('7200');
});
