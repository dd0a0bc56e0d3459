/** Colours by number, for light and dark pages: told apart by hue and by lightness, also by those who see fewer hues. */
const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ['#c2410c', '#fb923c'],
  ['#0f766e', '#2dd4bf'],
  ['#1d4ed8', '#60a5fa'],
  ['#a21caf', '#e879f9'],
  ['#4d7c0f', '#a3e635'],
  ['#6d28d9', '#c4b5fd'],
  ['#6b7280', '#9ca3af'],
  ['#be123c', '#fb7185'],
  ['#0e7490', '#22d3ee'],
  ['#78350f', '#d6b28a'],
  ['#1c1917', '#fafaf9'],
  ['#ca8a04', '#fde047'],
  ['#db2777', '#f9a8d4'],
];

export const COLOUR_COUNT: number = COLOURS.length;

const rules = (side: 0 | 1): string => COLOURS.map((pair, i) => `.c${i}{--c:${pair[side]}}`).join('');

/** An SVG in an image takes part in `prefers-color-scheme` by itself; it needs no script and no font. */
export const STYLE: string = [
  'text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:var(--ink)}',
  '.title{font-size:16px;font-weight:600}.soft{fill:var(--soft)}.end{text-anchor:end}.middle{text-anchor:middle}',
  '.grid{stroke:var(--grid);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}',
  '.line{fill:none;stroke:var(--c);stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}',
  '.strong{stroke-width:3}.dashed{stroke-dasharray:5 4}.dot{fill:var(--c)}.bar{fill:var(--c)}',
  '.whisker{fill:none;stroke:var(--c);stroke-width:1.25}.over{stroke:var(--ink);stroke-width:1.25;fill:none}',
  '.lead{stroke:var(--c);stroke-width:1;opacity:.55;fill:none}.early{stroke-dasharray:1 4}.label{font-weight:500}.name{font-weight:700}.halo{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}',
  'svg{--ink:#1c1917;--soft:#78716c;--grid:#e7e5e4;--page:#ffffff}',
  rules(0),
  '@media(prefers-color-scheme:dark){svg{--ink:#f5f5f4;--soft:#a8a29e;--grid:#3f3c3a;--page:#161514}',
  rules(1),
  '}.page{fill:var(--page);stroke:var(--grid)}',
].join('');

export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A coordinate: tenths of a pixel are enough. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export interface Frame {
  readonly title: string;
  readonly subtitle: string;
  readonly width: number;
  readonly height: number;
}

/** The picture around what was drawn. */
export function svgDocument({ title, subtitle, width, height }: Frame, drawn: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeText(`${title}: ${subtitle}`)}">`,
    `<title>${escapeText(title)}</title><desc>${escapeText(subtitle)}</desc><style>${STYLE}</style>`,
    `<rect class="page" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    `<text class="title" x="24" y="34">${escapeText(title)}</text>`,
    `<text class="soft" x="24" y="54">${escapeText(subtitle)}</text>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}
