import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/**
 * Fails the build when its HTML, JavaScript and CSS together, each compressed by gzip as they travel, exceed the limit.
 * Pictures do not count: they are compressed already and the page works while they load.
 */
export function sizeBudget({ limitBytes }: { limitBytes: number }): Plugin {
  return {
    name: 'ferry:size-budget',
    apply: 'build',
    writeBundle(_options, bundle) {
      let total = 0;
      for (const [name, output] of Object.entries(bundle)) {
        if (!/\.(html|js|css)$/.test(name)) continue;
        total += gzipSync(output.type === 'chunk' ? output.code : output.source).byteLength;
      }
      const words = `html + js + css: ${(total / 1000).toFixed(1)} kB compressed of ${limitBytes / 1000} kB allowed`;
      if (total > limitBytes) this.error(words);
      this.info(words);
    },
  };
}
