import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { expect, test } from 'vitest';

const PAGES = [
  'README.md',
  'docs/**/*.md',
  'bench/README.md',
  'apps/*/README.md',
  'packages/*/README.md',
] as const;

/** What a page links to or shows, but for addresses elsewhere and places on the same page. Code is not read. */
function targetsOf(page: string): string[] {
  const text = page.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z][a-z+.-]*:/i.test(target));
}

async function brokenLinks(root: string): Promise<{ readonly broken: string[]; readonly seen: number }> {
  const broken: string[] = [];
  let seen = 0;
  for await (const page of glob(PAGES, { cwd: root, exclude: ['**/node_modules/**'] })) {
    for (const target of targetsOf(await readFile(resolve(root, page), 'utf8'))) {
      seen += 1;
      if (!existsSync(resolve(root, dirname(page), decodeURIComponent(target))))
        broken.push(`${page}: ${target}`);
    }
  }
  return { broken, seen };
}

test('every file that the README or a page of the documentation links to is there', async () => {
  const { broken, seen } = await brokenLinks(process.cwd());
  expect(broken).toEqual([]);
  // A check that finds no links finds no broken ones either.
  expect(seen).toBeGreaterThan(100);
});

test('links to pictures and files are found, addresses, anchors and code are not', () => {
  const page = [
    '![a chart](charts/a.svg) and [a page](b.md#part), [here](#below), [there](https://example.com/c.md)',
    '`[code](d.md)`',
    '```md',
    '[code](e.md)',
    '```',
    '[a name](f.md "with a title")',
  ].join('\n');
  expect(targetsOf(page)).toEqual(['charts/a.svg', 'b.md', 'f.md']);
});
