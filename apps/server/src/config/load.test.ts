import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError } from './config-error.ts';
import { loadConfig } from './load.ts';
import { printConfig } from './print.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'ferry-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const load = (toml: string, env: Record<string, string> = {}) => {
  if (toml !== '') writeFileSync(join(cwd, 'ferry.toml'), toml);
  return loadConfig({ env, cwd });
};

const problems = (toml: string, env: Record<string, string> = {}): readonly string[] => {
  try {
    load(toml, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('where values come from', () => {
  test('without a file or variables everything is at its default', () => {
    const { config, sources } = load('');
    expect(config.server).toMatchObject({ host: '127.0.0.1', port: 8000, data_dir: '.ferry' });
    expect(config.upload.reuse_session).toBe(false);
    expect(config.alias).toEqual({ 'grok-imagine-1.0-edit': 'grok-imagine-image' });
    expect(sources.size).toBe(0);
  });

  test('the file stands over the defaults and the environment over both', () => {
    const { config, sources } = load('[server]\nport = 9000\n[upload]\nconcurrency = 3', {
      FERRY_SERVER__PORT: '9001',
      FERRY_UPLOAD__REUSE_SESSION: 'true',
      FERRY_RETRY__RETRY_STATUS_CODES: '429, 503',
    });
    expect(config.server.port).toBe(9001);
    expect(config.upload).toMatchObject({ concurrency: 3, reuse_session: true });
    expect(config.retry.retry_status_codes).toEqual([429, 503]);
    expect(Object.fromEntries(sources)).toEqual({
      'server.port': 'FERRY_SERVER__PORT',
      'upload.concurrency': 'ferry.toml',
      'upload.reuse_session': 'FERRY_UPLOAD__REUSE_SESSION',
      'retry.retry_status_codes': 'FERRY_RETRY__RETRY_STATUS_CODES',
    });
  });

  test('a provider can come from the environment alone', () => {
    const { config, secrets } = load('', {
      FERRY_PROVIDER__0__NAME: 'xai',
      FERRY_PROVIDER__0__BASE_URL: 'https://api.x.ai',
      FERRY_PROVIDER__0__MODELS: 'grok-imagine-image',
      FERRY_PROVIDER__0__KEYS: 'env:XAI_API_KEY',
      XAI_API_KEY: 'xai-secret',
    });
    expect(config.provider[0]).toMatchObject({ name: 'xai', type: 'xai', keys: ['env:XAI_API_KEY'] });
    expect(secrets.read('env:XAI_API_KEY')).toBe('xai-secret');
  });

  test('a secret can come from a file, without its line end', () => {
    writeFileSync(join(cwd, 'key'), 'a-key-from-a-file\n');
    expect(load('[auth]\nadmin_key = "file:key"').secrets.read('file:key')).toBe('a-key-from-a-file');
  });

  test('a variable that is no key is reported when nothing refers to it', () => {
    const env = { FERRY_PORT: '1', FERRY_ADMIN_KEY: 'correct-horse' };
    const { warnings } = load('[auth]\nadmin_key = "env:FERRY_ADMIN_KEY"', env);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('FERRY_PORT');
  });
});

describe('what stops the start', () => {
  test.each([
    [
      '[server]\nport = "http"',
      'server.port (ferry.toml): got "http", expected a whole number from 0 to 65535',
    ],
    [
      '[server]\nport = 70000',
      'server.port (ferry.toml): got 70000, expected a whole number from 0 to 65535',
    ],
    [
      '[upload]\nreuse_session = "yes"',
      'upload.reuse_session (ferry.toml): got "yes", expected true or false',
    ],
    [
      '[upload]\ntransport = "curl"',
      'upload.transport (ferry.toml): got "curl", expected one of "auto", "undici", "http1"',
    ],
    [
      '[retry]\nretry_status_codes = [200]',
      'retry.retry_status_codes[0] (ferry.toml): got 200, expected a list of',
    ],
    [
      '[upload]\nspeed = 1',
      'upload.speed (ferry.toml): there is no such key; known here: reuse_session, transport',
    ],
    ['speed = 1', 'speed (ferry.toml): there is no such key; known here: server, upload'],
    ['server = 1', 'server (ferry.toml): got 1, expected a section, [server]'],
    ['[server]\nport = = 1', 'ferry.toml, line 2, column 8: '],
    [
      '[[provider]]\nname = "a"',
      'provider[0].base_url (ferry.toml): it is missing, expected an address such as',
    ],
    [
      '[server]\nhost = "0.0.0.0"',
      'server.host: "0.0.0.0" can be reached from other machines, expected auth.admin_key',
    ],
  ])('%j is refused with key, value and what was expected', (toml, message) => {
    expect(problems(toml).join('\n')).toContain(message);
  });

  test('a wrong variable is named', () => {
    expect(problems('', { FERRY_SERVER__PORT: 'x' })).toEqual([
      'server.port (FERRY_SERVER__PORT): got "x", expected a whole number from 0 to 65535',
    ]);
    expect(problems('', { FERRY_SERVER__PROT: '1' })).toEqual(['FERRY_SERVER__PROT: there is no such key']);
  });

  test('every mistake is listed at once', () => {
    expect(problems('[server]\nport = -1\ndata_dir = 3\n[x]\ny = 1')).toHaveLength(3);
  });

  test('a secret written into the configuration is refused and not echoed', () => {
    const [problem] = problems('[auth]\nadmin_key = "hunter2"');
    expect(problem).toContain(
      'auth.admin_key (ferry.toml): got a value that is not shown, expected a reference',
    );
    expect(problem).not.toContain('hunter2');
  });

  test('a key that is short enough to be guessed is refused and not echoed', () => {
    const [problem = '', ...more] = problems('[auth]\nadmin_key = "env:KEY"', { KEY: 'hunter2' });
    expect([problem, more]).toEqual([
      expect.stringContaining('auth.admin_key: "env:KEY" has less than 12 characters'),
      [],
    ]);
    expect(problem).not.toContain('hunter2');
    expect(problems('[[api_key]]\nname = "shop"\nkey = "env:KEY"', { KEY: 'x' })[0]).toContain(
      'api_key[0].key',
    );
  });

  test('the webhook’s address may be a reference, since whoever knows it can post there', () => {
    const toml = '[webhook]\nurl = "env:HOOK"';
    const loaded = load(toml, { HOOK: 'https://hooks.example/T0/secret' });
    expect(loaded.secrets.read('env:HOOK')).toBe('https://hooks.example/T0/secret');
    expect(printConfig(loaded)).not.toContain('T0');
    expect(problems(toml, { HOOK: 'hooks.example/T0/secret' })).toEqual([
      'webhook.url: "env:HOOK" is no address such as "https://hooks.example/alerts"',
    ]);
    expect(problems('[webhook]\nurl = "hooks.example/T0/secret"')[0]).not.toContain('T0');
  });

  test('a secret that is not there is named', () => {
    expect(problems('[auth]\nadmin_key = "env:NOT_SET"')).toEqual([
      'auth.admin_key: "env:NOT_SET" is not there, expected a secret',
    ]);
    expect(problems('[auth]\nadmin_key = "file:nowhere"')).toHaveLength(1);
    expect(problems('[auth]\nadmin_key = "env:SPACED"', { SPACED: 'a b' })[0]).toContain(
      'a header cannot carry',
    );
  });

  test('a file that FERRY_CONFIG names must be there', () => {
    expect(problems('', { FERRY_CONFIG: 'other.toml' })).toEqual([
      'other.toml: there is no such file (FERRY_CONFIG)',
    ]);
  });

  test('two providers of one model, and an alias to nowhere, are refused', () => {
    const provider = (name: string) =>
      `[[provider]]\nname = "${name}"\nbase_url = "https://a.example"\nmodels = ["m"]\nkeys = ["env:K"]\n`;
    const env = { K: 'k' };
    expect(problems(provider('a') + provider('b'), env)[0]).toContain('"m" is served by "a" already');
    expect(problems(`${provider('a')}[alias]\nx = "y"`, env)[0]).toContain('got "y", expected one of m');
    expect(problems(provider('a'), env)).toEqual([]);
  });
});

describe('ferry config', () => {
  test('prints every value with its source and no secret', () => {
    const printed = printConfig(
      load('[auth]\nadmin_key = "env:KEY"', { KEY: 'hunter2-hunter2', FERRY_SERVER__PORT: '1' }),
    );
    expect(printed).toMatch(/^port = 1 +# FERRY_SERVER__PORT$/m);
    expect(printed).toMatch(/^admin_key = "env:KEY" +# ferry\.toml$/m);
    expect(printed).toMatch(/^spares = 2 +# default$/m);
    expect(printed).toMatch(/^"grok-imagine-1\.0-edit" = "grok-imagine-image" +# default$/m);
    expect(printed).not.toContain('hunter2');
  });
});
