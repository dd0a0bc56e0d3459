import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const compressors = { br: promisify(brotliCompress), gz: promisify(gzip) } as const;

/**
 * Writes each script and style compressed beside itself, for the gateway to send as it is, and fails the build when what a
 * browser gets of them (Brotli) and the HTML exceed the limit together. Pictures do not count: they are compressed already and
 * the page works while they load.
 */
export function sizeBudget({ limitBytes }: { limitBytes: number }): Plugin {
  return {
    name: 'ferry:size-budget',
    apply: 'build',
    async writeBundle({ dir = '' }, bundle) {
      let total = 0;
      for (const [name, output] of Object.entries(bundle)) {
        const content = Buffer.from(output.type === 'chunk' ? output.code : output.source);
        // The gateway sends it from memory, and it is smaller than a packet.
        if (name.endsWith('.html')) total += content.byteLength;
        if (!/\.(js|css)$/.test(name)) continue;
        const [br, gz] = await Promise.all([compressors.br(content), compressors.gz(content)]);
        await Promise.all([writeFile(join(dir, `${name}.br`), br), writeFile(join(dir, `${name}.gz`), gz)]);
        total += br.byteLength;
      }
      const words = `html + js + css: ${(total / 1000).toFixed(1)} kB compressed of ${limitBytes / 1000} kB allowed`;
      if (total > limitBytes) this.error(words);
      this.info(words);
    },
  };
}
