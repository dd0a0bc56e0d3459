import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@ferry/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Config, configSchema } from '../config/schema.ts';
import { Database } from '../database/database.ts';
import { ExternalPostgres } from '../database/source.ts';
import { TestPostgres } from '../database/testing/postgres.ts';
import { LastKnown } from './last-known.ts';
import { RuntimeSettings } from './runtime-settings.ts';
import { SettingsService } from './settings.service.ts';
import type { ChangeOptions } from './settings-change.ts';
import { SettingsHistory } from './settings-history.ts';

const started = configSchema.parse({ upload: { reuse_session: false } });

/** An instance of the gateway, as far as settings go. */
class Instance implements AsyncDisposable {
  readonly runtime: RuntimeSettings;
  readonly service: SettingsService;
  readonly history: SettingsHistory;
  readonly lines: string[] = [];
  readonly #database: Database;

  constructor(url: string | undefined, dataDir: string, config: Config = started) {
    const log = (_fields: object, message: string): void => void this.lines.push(message);
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    const source = url === undefined ? undefined : new ExternalPostgres(url);
    this.#database = new Database({ source, poolSize: 2, logger });
    this.runtime = new RuntimeSettings(config, logger);
    this.history = new SettingsHistory(this.#database);
    const lastKnown = new LastKnown(dataDir);
    this.service = new SettingsService({
      started: config,
      runtime: this.runtime,
      history: this.history,
      lastKnown,
      logger,
    });
  }

  /** Ready when the database has been read. */
  async start({ awaitDatabase = true } = {}): Promise<this> {
    await this.service.start();
    const up = Promise.withResolvers<void>();
    this.#database.onUp(() => up.resolve());
    this.#database.start();
    if (awaitDatabase) {
      await up.promise;
      await this.service.settled();
    }
    return this;
  }

  /** The next change of settings. Ask before it is made. */
  changed(): Promise<Config> {
    return new Promise((resolve) => {
      const end = this.runtime.onChange(({ after }) => {
        end();
        resolve(after);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.stop();
    await this.#database.stop();
  }
}

const by = (who: string, base?: number): ChangeOptions => ({ who, base, dryRun: false });
const set = (...values: [string, unknown][]): ReadonlyMap<string, unknown> => new Map(values);

let postgres: TestPostgres;
let url: string;
let folder: string;
beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres[Symbol.asyncDispose]());
beforeEach(async () => {
  url = await postgres.database();
  folder = await mkdtemp(join(tmpdir(), 'ferry-settings-'));
  return () => rm(folder, { recursive: true, force: true });
});

describe('one instance', () => {
  test('a change is in effect, kept with who, why and what, and in effect again after a restart', async () => {
    {
      await using ferry = await new Instance(url, folder).start();
      const { changes, after } = await ferry.service.change(
        set(['upload.reuse_session', true], ['pool.max_streams', 9]),
        'shorter waits',
        by('admin'),
      );
      expect(changes.map(({ key, from, to }) => [key, from, to])).toEqual([
        ['upload.reuse_session', false, true],
        ['pool.max_streams', 4, 9],
      ]);
      expect(after.revision).toBe(1);
      expect(ferry.runtime.current.pool.max_streams).toBe(9);
      expect(await ferry.history.list({ before: undefined, limit: 10 })).toEqual([
        expect.objectContaining({ id: 1, who: 'admin', why: 'shorter waits', changes, at: expect.any(Date) }),
      ]);
    }
    await rm(join(folder, 'settings.json'));
    await using again = await new Instance(url, folder).start();
    expect(again.runtime.current.upload.reuse_session).toBe(true);
  });

  test('what differs in nothing is no revision', async () => {
    await using ferry = await new Instance(url, folder).start();
    const { changes, after } = await ferry.service.change(set(['pool.spares', 2]), 'x', by('admin'));
    expect([changes, after.revision]).toEqual([[], 0]);
  });

  test('a dry run says what would change, and changes nothing', async () => {
    await using ferry = await new Instance(url, folder).start();
    const dry = { ...by('admin'), dryRun: true };
    const { changes, after } = await ferry.service.change(set(['pool.spares', 0]), 'x', dry);
    expect(changes).toEqual([{ key: 'pool.spares', from: 2, to: 0, configured: false }]);
    expect([after.revision, after.config.pool.spares]).toEqual([1, 0]);
    expect([ferry.service.state.revision, ferry.runtime.current.pool.spares]).toEqual([0, 2]);
    expect(await ferry.history.latest()).toBeUndefined();
  });

  test('rolling back brings the settings before back, and is a revision that can be rolled back', async () => {
    await using ferry = await new Instance(url, folder).start();
    await ferry.service.change(set(['pool.spares', 0]), 'one', by('admin'));
    await ferry.service.change(set(['pool.spares', 7]), 'two', by('admin'));
    const streams = () => ferry.runtime.current.pool.spares;
    const { after } = await ferry.service.rollback(undefined, undefined, by('loopback'));
    expect([after.revision, streams()]).toEqual([3, 0]);
    expect(await ferry.history.latest()).toMatchObject({ rollbackTo: 1, why: 'Roll back to revision 1' });
    await ferry.service.rollback(undefined, undefined, by('loopback'));
    expect(streams()).toBe(7);
    await ferry.service.rollback(0, 'as it was', by('loopback'));
    expect([streams(), ferry.service.state.overrides]).toEqual([2, {}]);
    await expect(ferry.service.rollback(99, undefined, by('x'))).rejects.toMatchObject({
      fields: { status: 404 },
    });
  });

  test('with nothing changed there is nothing to roll back', async () => {
    await using ferry = await new Instance(url, folder).start();
    const refused = ferry.service.rollback(undefined, undefined, by('admin'));
    await expect(refused).rejects.toMatchObject({ fields: { code: 'nothing_to_roll_back' } });
  });

  test('null returns a setting to what is configured at that time', async () => {
    await using ferry = await new Instance(url, folder).start();
    await ferry.service.change(set(['pool.spares', 0]), 'x', by('admin'));
    const { changes } = await ferry.service.change(set(['pool.spares', null]), 'back', by('admin'));
    expect(changes).toEqual([{ key: 'pool.spares', from: 0, to: 2, configured: true }]);
    expect(ferry.service.state.overrides).toEqual({});
  });
});

describe('two operators', () => {
  test('who changes what somebody else has changed meanwhile is told who, and loses nothing', async () => {
    await using ferry = await new Instance(url, folder).start();
    await ferry.service.change(set(['pool.spares', 0]), 'mine', by('ann', 0));
    const late = ferry.service.change(set(['pool.spares', 9]), 'no, mine', by('bob', 0));
    await expect(late).rejects.toMatchObject({
      message: expect.stringContaining('Meanwhile ann changed pool.spares'),
      fields: {
        status: 409,
        code: 'settings_conflict',
        details: {
          conflict: {
            revision: 1,
            base: 0,
            meanwhile: [expect.objectContaining({ who: 'ann', why: 'mine' })],
          },
        },
      },
    });
    expect(ferry.runtime.current.pool.spares).toBe(0);
  });

  test('at once, at two instances, with the same revision in view, exactly one wins', async () => {
    await using one = await new Instance(url, folder).start();
    await using two = await new Instance(url, join(folder, 'none')).start();
    const outcomes = await Promise.allSettled([
      one.service.change(set(['pool.spares', 1]), 'x', by('ann', 0)),
      two.service.change(set(['pool.spares', 9]), 'x', by('bob', 0)),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await one.history.list({ before: undefined, limit: 5 })).toHaveLength(1);
  });

  test('who does not mind what the others do loses nothing either: all changes are made, one after the other', async () => {
    await using one = await new Instance(url, folder).start();
    await using two = await new Instance(url, join(folder, 'none')).start();
    const keys = ['pool.spares', 'pool.max_streams', 'retry.max_retry', 'upload.concurrency'];
    await Promise.all(keys.map((key, i) => [one, two][i % 2]?.service.change(set([key, 1]), key, by('cli'))));
    const latest = await one.history.latest();
    expect(latest?.id).toBe(4);
    expect(Object.keys(latest?.overrides ?? {}).sort()).toEqual(keys.sort());
  });
});

describe('several instances', () => {
  test('a change at one is in effect at the other, both ways', async () => {
    await using one = await new Instance(url, folder).start();
    await using two = await new Instance(url, join(folder, 'none')).start();
    const heard = two.changed();
    await one.service.change(set(['upload.reuse_session', true]), 'x', by('ann'));
    expect((await heard).upload.reuse_session).toBe(true);
    const answered = one.changed();
    await two.service.rollback(undefined, undefined, by('bob'));
    expect((await answered).upload.reuse_session).toBe(false);
    expect([one.service.state.revision, two.service.state.revision]).toEqual([2, 2]);
  });

  test('what was changed while an instance had lost the database is in effect when it is back', async () => {
    await using one = await new Instance(url, folder).start();
    await using two = await new Instance(url, join(folder, 'none')).start();
    const heard = two.changed();
    // All of two's connections; its own name tells them from one's.
    await postgres.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${new URL(url).pathname.slice(1)}'`,
    );
    await expect
      .poll(() =>
        one.service.change(set(['pool.spares', 3]), 'x', by('ann')).then(
          () => 'made',
          () => 'away',
        ),
      )
      .toBe('made');
    expect((await heard).pool.spares).toBe(3);
  });
});

describe('without the database', () => {
  test('nothing can be changed, and that is said; what it would do can be asked', async () => {
    await using ferry = await new Instance(undefined, folder).start({ awaitDatabase: false });
    const change = ferry.service.change(set(['pool.spares', 0]), 'x', by('admin'));
    await expect(change).rejects.toThrow('The database is not available');
    await expect(ferry.service.rollback(1, undefined, by('admin'))).rejects.toThrow('not available');
    const dry = await ferry.service.change(set(['pool.spares', 0]), 'x', { ...by('admin'), dryRun: true });
    expect(dry.changes).toHaveLength(1);
  });

  test('the settings last known are in effect from the start', async () => {
    {
      await using ferry = await new Instance(url, folder).start();
      await ferry.service.change(set(['upload.reuse_session', true]), 'x', by('admin'));
    }
    await using again = await new Instance(undefined, folder).start({ awaitDatabase: false });
    expect(again.runtime.current.upload.reuse_session).toBe(true);
    expect(again.service.state).toMatchObject({ revision: 1, origin: 'last-known', made: { who: 'admin' } });
  });

  test('a database that knows other settings than those last known is right', async () => {
    const known = new LastKnown(folder);
    await known.write({ revision: 7, at: new Date(), who: 'x', why: 'x', overrides: { 'pool.spares': 9 } });
    await using ferry = await new Instance(url, folder).start();
    expect([ferry.service.state.revision, ferry.runtime.current.pool.spares]).toEqual([0, 2]);
    expect(await known.read()).toBeUndefined();
  });
});

test('a stored value that this version cannot use stops nothing: it is ignored, said, and can be taken away', async () => {
  {
    await using ferry = await new Instance(url, folder).start();
    await ferry.history.append(0, {
      who: 'an older version',
      why: 'x',
      changes: [],
      overrides: { 'upload.concurrency': 5_000, 'pool.magic': 1, 'pool.spares': 0 },
    });
  }
  await using ferry = await new Instance(url, folder).start();
  expect(ferry.runtime.current).toMatchObject({ upload: { concurrency: 25 }, pool: { spares: 0 } });
  expect(ferry.service.state.ignored.map(({ key }) => key).sort()).toEqual([
    'pool.magic',
    'upload.concurrency',
  ]);
  expect(ferry.lines).toContainEqual(
    expect.stringMatching(/^A stored setting is ignored: upload.concurrency: expected/),
  );
  await ferry.service.change(set(['upload.concurrency', null], ['pool.magic', null]), 'clean', by('admin'));
  expect(ferry.service.state).toMatchObject({ ignored: [], overrides: { 'pool.spares': 0 } });
});
