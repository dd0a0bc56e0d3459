// Packs every public package as it would be published and checks what a user would get: publint for the manifest,
// arethetypeswrong for the types, and no `any` in a declaration. Run by `pnpm run lint:packages`, after a build.
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const pnpm = process.env.npm_execpath;
if (pnpm === undefined) throw new Error('run it as `pnpm run lint:packages`');

/** The packages are ESM for Node: what only other resolutions would meet is no problem of theirs. */
const FOREIGN = new Set(['node10', 'node16-cjs', 'bundler']);

const isPublic = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).private !== true;
const folders = globSync('packages/*/').filter(isPublic).sort();

/** @returns {string} the path of the tarball */
function pack(folder, destination) {
  const script = pnpm.endsWith('js') ? [process.execPath, pnpm] : [pnpm];
  const [command, ...first] = script;
  const output = execFileSync(command, [...first, 'pack', '--json', '--pack-destination', destination], {
    cwd: folder,
    encoding: 'utf8',
  });
  return JSON.parse(output.slice(output.indexOf('{'))).filename;
}

async function problemsOf(folder, tarball) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const data = readFileSync(tarball);
  const { messages } = await publint({
    pack: { tarball: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) },
    strict: true,
  });
  const types = await checkPackage(createPackageFromTarballData(new Uint8Array(data)));
  const wrong = types.types === false ? [{ kind: 'no types' }] : types.problems;
  const loose = globSync(`${folder}/dist/**/*.d.ts`).filter((file) =>
    /[:<|,(]\s*any\b/.test(readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
  );
  return [
    ...messages.map((message) => formatMessage(message, manifest)),
    ...wrong
      .filter(({ resolutionKind }) => !FOREIGN.has(resolutionKind))
      .map((problem) => JSON.stringify(problem)),
    ...loose.map((file) => `${file}: \`any\` in a declaration`),
  ];
}

const destination = mkdtempSync(join(tmpdir(), 'ferry-pack-'));
let failed = false;
try {
  for (const folder of folders) {
    const problems = await problemsOf(folder, pack(folder, destination));
    for (const problem of problems) console.error(`${folder}: ${problem}`);
    failed ||= problems.length > 0;
  }
} finally {
  rmSync(destination, { recursive: true, force: true });
}
console.log(`${folders.length} packages checked as they would be published`);
process.exit(failed ? 1 : 0);
