import type { Plugin } from 'vite';

/** What uPlot offers and the charts do not use: kinds of lines, and joining tables. */
const UNUSED = [
  '(paths.stepped = stepped);',
  '(paths.bars    = bars);',
  '(paths.spline  = monotoneCubic);',
  'uPlot.join = join;',
] as const;

/** Takes them off uPlot, so that the minifier drops their code: each byte of it would travel to every browser. */
export function leanUplot(): Plugin {
  return {
    name: 'ferry:lean-uplot',
    apply: 'build',
    transform: {
      filter: { id: /uPlot\.esm\.js$/ },
      handler(code) {
        let lean = code;
        for (const line of UNUSED) {
          if (!lean.includes(line)) this.error(`uPlot has changed: it has no "${line}" any more`);
          lean = lean.replace(line, '');
        }
        return { code: lean, map: null };
      },
    },
  };
}
