import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { expect, test } from 'vitest';
import config from '../.dependency-cruiser.mjs';

async function check(baseDir: string): Promise<ICruiseResult> {
  const { forbidden = [], options = {} } = config;
  const result = await cruise(
    ['packages', 'apps'],
    { ...options, baseDir, validate: true, ruleSet: { forbidden } },
    options.enhancedResolveOptions,
  );
  if (typeof result.output === 'string') throw new Error('expected the result as an object');
  return result.output;
}

const brokenRules = (result: ICruiseResult): string[] =>
  result.summary.violations.map((violation) => violation.rule.name);

test('the packages import each other only along the arrows of the architecture', async () => {
  const { summary } = await check(process.cwd());
  expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  // A checker that cannot read TypeScript finds no violation either: see ADR 5.
  expect(summary.totalDependenciesCruised ?? 0).toBeGreaterThan(50);
});

test('an import against the arrows is found', async () => {
  const root = await mkdtemp(join(tmpdir(), 'ferry-arrows-'));
  try {
    const files = {
      'packages/core/src/a.ts': "import '../../transport-undici/src/b.ts';\n",
      'packages/transport-undici/src/b.ts': 'export const b = 1;\n',
      'packages/transport-undici/src/pool/c.ts': "import '../../../upstream-sim/src/d.ts';\n",
      'packages/upstream-sim/src/d.ts': 'export const d = 1;\n',
      'apps/server/src/e.ts': "import '../../console/src/f.ts';\n",
      'apps/console/src/f.ts': 'export const f = 1;\n',
    };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    expect(brokenRules(await check(root)).sort()).toEqual([
      'core-stands-alone',
      'server-composes',
      'undici-on-core',
    ]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
