import preact from '@preact/preset-vite';
import { defineConfig, type UserConfig } from 'vite';
import { leanUplot } from './lean-uplot.ts';
import { sizeBudget } from './size-budget.ts';

const config: UserConfig = defineConfig({
  // The gateway serves index.html at /admin/img2img and the assets at /admin/assets/*.
  base: '/admin/',
  plugins: [preact(), leanUplot(), sizeBudget({ limitBytes: 60_000 })],
  build: {
    target: 'es2022',
    // Never a data URI: the page works under `img-src 'self' blob:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});

export default config;
