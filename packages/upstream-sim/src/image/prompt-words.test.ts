import { describe, expect, it } from 'vitest';
import { isBlocked, type OperationName, readPrompt } from './prompt-words.ts';

const PHRASES: readonly (readonly [string, readonly OperationName[]])[] = [
  ['make it black and white', ['grayscale']],
  ['grayscale', ['grayscale']],
  ['黑白', ['grayscale']],
  ['转成灰度图', ['grayscale']],
  ['sepia tone', ['sepia']],
  ['复古风格', ['vintage']],
  ['怀旧照片', ['vintage']],
  ['blur the picture', ['blur']],
  ['模糊', ['blur']],
  ['sharpen it', ['sharpen']],
  ['锐化', ['sharpen']],
  ['invert the colors', ['invert']],
  ['反色', ['invert']],
  ['make it brighter', ['brighter']],
  ['变亮', ['brighter']],
  ['a darker mood', ['darker']],
  ['变暗', ['darker']],
  ['warmer', ['warmer']],
  ['暖色', ['warmer']],
  ['colder', ['colder']],
  ['冷色调', ['colder']],
  ['rotate it', ['rotate']],
  ['旋转90度', ['rotate']],
  ['flip it', ['mirror']],
  ['镜像', ['mirror']],
  ['水平翻转', ['mirror']],
  ['turn it upside down', ['upside-down']],
  ['上下翻转', ['upside-down']],
  ['pixel art', ['pixelate']],
  ['像素风', ['pixelate']],
  ['a pencil sketch', ['sketch']],
  ['素描', ['sketch']],
  ['铅笔画', ['sketch']],
  ['colored pencils', ['colored-pencil']],
  ['彩铅', ['colored-pencil']],
  ['posterize', ['posterize']],
  ['海报', ['posterize']],
  ['add a border', ['border']],
  ['加边框', ['border']],
  ['make it a watercolor painting', ['watercolor']],
  ['水彩', ['watercolor']],
  ['an oil painting', ['oil-painting']],
  ['油画', ['oil-painting']],
  ['as a cartoon', ['cartoon']],
  ['动漫风格', ['cartoon']],
  ['a beautiful landscape', ['vivid']],
  ['夜晚的霓虹', ['night', 'neon']],
  ['give her a red hat', []],
  ['an unrelated wish', []],
];

describe('reading a prompt', () => {
  it.each(PHRASES)('finds in "%s" the operations %j', (prompt, operations) => {
    expect(readPrompt(prompt).operations).toEqual(operations);
  });

  it('combines operations in the order in which they make sense, whatever the order of the words', () => {
    expect(readPrompt('border, then grayscale and rotate').operations).toEqual([
      'rotate',
      'grayscale',
      'border',
    ]);
    expect(readPrompt('黑白，模糊，加边框').operations).toEqual(['blur', 'grayscale', 'border']);
  });

  it('does not see a word inside another word', () => {
    expect(readPrompt('an upright framework in Greymouth with mirrorless blurbs').operations).toEqual([]);
  });

  it('hears how strongly', () => {
    expect(readPrompt('slightly blurred').strength).toBeLessThan(1);
    expect(readPrompt('稍微模糊').strength).toBeLessThan(1);
    expect(readPrompt('blurred').strength).toBe(1);
    expect(readPrompt('very blurred').strength).toBeGreaterThan(1);
    expect(readPrompt('非常模糊').strength).toBeGreaterThan(1);
  });

  it.each([
    ['rotate', 90],
    ['rotate 180 degrees', 180],
    ['rotate left', 270],
    ['rotate by 45', 45],
    ['逆时针旋转90度', 270],
    ['旋转180度', 180],
  ] as const)('turns by the degrees of "%s": %i', (prompt, degrees) => {
    expect(readPrompt(prompt).degrees).toBe(degrees);
  });

  it('knows the words that stand for blocked content', () => {
    expect(isBlocked('show me Blocked Content please')).toBe(true);
    expect(isBlocked('包含违禁内容')).toBe(true);
    expect(isBlocked('a blocked road')).toBe(false);
  });
});
