/** What an edit can do. A closed set: every operation has words here and an effect in `effects.ts`. */
export type OperationName =
  | 'grayscale'
  | 'sepia'
  | 'vintage'
  | 'blur'
  | 'sharpen'
  | 'invert'
  | 'brighter'
  | 'darker'
  | 'warmer'
  | 'colder'
  | 'vivid'
  | 'muted'
  | 'contrast'
  | 'rotate'
  | 'mirror'
  | 'upside-down'
  | 'pixelate'
  | 'sketch'
  | 'colored-pencil'
  | 'watercolor'
  | 'oil-painting'
  | 'cartoon'
  | 'posterize'
  | 'border'
  | 'vignette'
  | 'sunset'
  | 'night'
  | 'winter'
  | 'autumn'
  | 'neon'
  | 'dreamy';

interface Words {
  readonly operation: OperationName;
  readonly words: RegExp;
}

/**
 * English and Chinese words for each operation, in the order in which operations are applied: geometry, light and colour,
 * medium (how it is painted), then what lies on top. Applied in the order of the prompt, a border would be blurred.
 */
const WORDS: readonly Words[] = [
  { operation: 'rotate', words: /\brotat(e|ed|ing|ion)\b|\bturn (it )?(left|right|90)|旋转|旋轉/i },
  {
    operation: 'upside-down',
    words:
      /\bupside[- ]?down\b|\bflip(ped)? (it )?vertical|\bvertical(ly)? flip|上下翻转|上下翻轉|垂直翻转|倒过来|颠倒/i,
  },
  { operation: 'mirror', words: /\bmirror(ed|ing)?\b|\bflip(ped|ping)?\b|翻转|翻轉|镜像|鏡像/i },
  {
    operation: 'brighter',
    words: /\bbright(er|en|ened)?\b|\blighter\b|\blighten(ed)?\b|变亮|變亮|提亮|更亮|亮一点|明亮/i,
  },
  { operation: 'darker', words: /\bdark(er|en|ened)?\b|\bdim(mer)?\b|变暗|變暗|压暗|更暗|暗一点|昏暗/i },
  { operation: 'contrast', words: /\bcontrast(y)?\b|\bdramatic\b|\bcinematic\b|对比|對比|电影感|戏剧/i },
  { operation: 'warmer', words: /\bwarm(er|th)?\b|暖色|暖一点|更暖|温暖/i },
  { operation: 'colder', words: /\bcold(er)?\b|\bcool(er)?\b|冷色|冷一点|更冷|清冷/i },
  {
    operation: 'vivid',
    words:
      /\bvivid\b|\bvibrant\b|\bcolou?rful\b|\bsaturat(e|ed)\b|\bbeautiful\b|\blandscape\b|鲜艳|鮮豔|饱和|美丽|美麗|风景|風景/i,
  },
  { operation: 'muted', words: /\bmuted\b|\bdesaturat(e|ed)\b|\bpastel\b|\bfaded?\b|淡色|褪色|柔和|低饱和/i },
  {
    operation: 'sunset',
    words: /\bsunset\b|\bsunrise\b|\bgolden hour\b|\bdawn\b|\bdusk\b|日落|夕阳|夕陽|日出|黄昏|晚霞/i,
  },
  { operation: 'night', words: /\bnight(time)?\b|\bmoonlight\b|\bmoonlit\b|夜晚|夜景|黑夜|月光/i },
  { operation: 'winter', words: /\bwinter\b|\bsnow(y|ing|fall)?\b|\bfrost(y)?\b|冬天|冬季|下雪|雪景/i },
  { operation: 'autumn', words: /\bautumn\b|\bfall colou?rs\b|秋天|秋季|秋色/i },
  { operation: 'neon', words: /\bneon\b|\bcyberpunk\b|\bsynthwave\b|\bvaporwave\b|霓虹|赛博朋克|賽博龐克/i },
  { operation: 'invert', words: /\binvert(ed)?\b|\binverse\b|\bnegative\b|反色|反相|负片|負片/i },
  { operation: 'blur', words: /\bblur(red|ry)?\b|\bout of focus\b|\bsoft focus\b|模糊|虚化/i },
  {
    operation: 'sharpen',
    words: /\bsharp(en|er|ened)?\b|\bcrisp(er)?\b|\bmore detail(s|ed)?\b|锐化|銳化|清晰/i,
  },
  {
    operation: 'dreamy',
    words: /\bdream(y|like)?\b|\bethereal\b|\bfairy ?tale\b|\bglow(ing)?\b|梦幻|夢幻|童话|朦胧/i,
  },
  { operation: 'watercolor', words: /\bwater ?-?colou?rs?\b|\baquarelle\b|水彩/i },
  {
    operation: 'oil-painting',
    words:
      /\boil[- ]?(paint(ing|ed)?|on canvas)\b|\bimpressionis[mt](ic)?\b|\bvan gogh\b|\bmonet\b|\bpainting\b|\bpainted\b|油画|油畫|印象派/i,
  },
  { operation: 'colored-pencil', words: /\bcolou?red[- ]?pencils?\b|\bcrayons?\b|彩铅|彩鉛|彩色铅笔|蜡笔/i },
  {
    operation: 'sketch',
    words: /\bsketch(ed|y)?\b|\bpencil\b|\bcharcoal\b|\bdrawing\b|\bline art\b|素描|铅笔|鉛筆|线稿|手绘/i,
  },
  {
    operation: 'cartoon',
    words: /\bcartoon(ish)?\b|\banime\b|\bcomics?\b|\bmanga\b|\bghibli\b|卡通|动漫|動漫|漫画|漫畫/i,
  },
  {
    operation: 'posterize',
    words: /\bposteri[sz]e(d)?\b|\bposter\b|\bpop[- ]?art\b|\bscreen ?print\b|海报|海報|波普/i,
  },
  {
    operation: 'pixelate',
    words: /\bpixel(ate|ated|ation|s)?\b|\bpixel[- ]?art\b|\b8-?bit\b|\bmosaic\b|像素|马赛克|馬賽克/i,
  },
  {
    operation: 'grayscale',
    words:
      /\bgr[ae]y ?scale\b|\bgr[ae]y\b|\bblack[- ]?(and|&|n)[- ]?white\b|\bb ?& ?w\b|\bmonochrom(e|atic)\b|\bnoir\b|黑白|灰度|单色/i,
  },
  {
    operation: 'vintage',
    words:
      /\bvintage\b|\bretro\b|\bold photo(graph)?\b|\bnostalgi[ac]\b|\bpolaroid\b|\bfilm look\b|\b19[2-8]0s\b|复古|復古|怀旧|懷舊|老照片|胶片/i,
  },
  { operation: 'sepia', words: /\bsepia\b|棕褐|褐色|旧照片色/i },
  { operation: 'vignette', words: /\bvignett(e|ed|ing)\b|暗角/i },
  { operation: 'border', words: /\bborder(ed|s)?\b|\bframed?\b|\bpassepartout\b|边框|邊框|相框|画框/i },
];

/** Words that name one operation and contain another's: the longer one is meant alone. */
const HIDES: Partial<Record<OperationName, readonly OperationName[]>> = {
  watercolor: ['oil-painting'],
  'colored-pencil': ['sketch'],
  'upside-down': ['mirror'],
  sketch: ['oil-painting'],
};

export interface ReadPrompt {
  /** In the order of application; empty when the prompt names nothing known. */
  readonly operations: readonly OperationName[];
  /** How strongly, around 1: "slightly" is less, "very" is more. */
  readonly strength: number;
  /** Degrees clockwise, for `rotate`. */
  readonly degrees: number;
  /** Several inputs lie over one another instead of beside. */
  readonly blend: boolean;
}

/** Finds the operations a prompt asks for. Pure. */
export function readPrompt(prompt: string): ReadPrompt {
  const found = WORDS.filter(({ words }) => words.test(prompt)).map(({ operation }) => operation);
  const hidden = new Set(found.flatMap((operation) => HIDES[operation] ?? []));
  return {
    operations: found.filter((operation) => !hidden.has(operation)),
    strength: readStrength(prompt),
    degrees: readDegrees(prompt),
    blend:
      /\bblend(ed)?\b|\boverlay\b|\bdouble exposure\b|\bmerge(d)?\b|\bmix(ed)?\b|混合|叠加|疊加|融合|双重曝光/i.test(
        prompt,
      ),
  };
}

/** True when the prompt stands for one that a real upstream's moderation would block. */
export function isBlocked(prompt: string): boolean {
  return /\bblocked content\b|违禁内容/i.test(prompt);
}

function readStrength(prompt: string): number {
  if (/\bslight(ly)?\b|\bsubtl[ey]\b|\ba (little|bit)\b|\bgently?\b|稍微|一点|轻微|略微/i.test(prompt))
    return 0.55;
  if (/\bvery\b|\bextreme(ly)?\b|\bheav(y|ily)\b|\bstrong(ly)?\b|\bmuch\b|非常|强烈|很|极/i.test(prompt))
    return 1.6;
  return 1;
}

function readDegrees(prompt: string): number {
  const written =
    /(-?\d{1,3})\s*(°|deg|度)/i.exec(prompt)?.[1] ??
    /\brotated? (?:it )?(?:by )?(-?\d{1,3})\b/i.exec(prompt)?.[1];
  const left = /\bleft\b|counter-?clockwise|anti-?clockwise|向左|逆时针/i.test(prompt);
  const degrees = written === undefined ? 90 : Number(written);
  return (((left ? -degrees : degrees) % 360) + 360) % 360 || 90;
}
