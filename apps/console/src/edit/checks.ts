/** What can be known to be wrong before anything is sent, in words and with what to do. */
import type { Limits } from '../api/wire.ts';
import { formatBytes } from '../ui/figures.ts';

/** Formats the gateway takes, by their first bytes: the name and the declared type prove nothing. */
const SIGNATURES: readonly { readonly type: string; readonly is: (head: Uint8Array) => boolean }[] = [
  { type: 'image/jpeg', is: (head) => startsWith(head, [0xff, 0xd8, 0xff]) },
  { type: 'image/png', is: (head) => startsWith(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) },
  { type: 'image/gif', is: (head) => ascii(head, 0, 4) === 'GIF8' },
  { type: 'image/webp', is: (head) => ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP' },
  { type: 'image/avif', is: (head) => ascii(head, 4, 8) === 'ftyp' && /^avi[fs]$/.test(ascii(head, 8, 12)) },
  { type: 'image/tiff', is: (head) => ['II*\0', 'MM\0*'].includes(ascii(head, 0, 4)) },
];

/** As many first bytes of a file as `imageType` looks at. */
export const HEAD_BYTES = 16;

/** What the file picker offers. */
export const ACCEPT = SIGNATURES.map(({ type }) => type).join(',');

const startsWith = (head: Uint8Array, bytes: readonly number[]): boolean =>
  bytes.every((byte, i) => head[i] === byte);

const ascii = (head: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...head.subarray(from, to));

/** The media type by the first bytes; undefined when this is no image that the gateway takes. */
export function imageType(head: Uint8Array): string | undefined {
  return SIGNATURES.find(({ is }) => is(head))?.type;
}

/** Why a file cannot be an input; undefined when it can. */
export function fileProblem(
  file: { name: string; size: number; head: Uint8Array },
  limits: Limits,
): string | undefined {
  if (file.size === 0) return `${file.name} is empty. Pick the file again, or another one.`;
  if (imageType(file.head) === undefined) {
    return `${file.name} is not an image that can be edited. Use JPEG, PNG, WebP, AVIF, GIF or TIFF.`;
  }
  if (file.size > limits.maxFileBytes) {
    const [size, most] = [formatBytes(file.size), formatBytes(limits.maxFileBytes)];
    return `${file.name} has ${size}; at most ${most} are taken. Make it smaller and add it again.`;
  }
  return undefined;
}

/** Which of the added files there is room for, and the words when there is not room for all. */
export function fitCount<T>(
  present: number,
  added: readonly T[],
  limits: Limits,
): { readonly taken: readonly T[]; readonly problem: string | undefined } {
  const room = Math.max(0, limits.maxImages - present);
  if (added.length <= room) return { taken: added, problem: undefined };
  const left = added.length - room;
  const problem = `One edit takes at most ${limits.maxImages} images: ${left} ${left === 1 ? 'was' : 'were'} left out. Remove some to make room.`;
  return { taken: added.slice(0, room), problem };
}

export type Field = 'images' | 'prompt' | 'model' | 'n';
export type Problems = Readonly<Partial<Record<Field, string>>>;

/** Problems of the form as it stands; none when it may be sent. */
export function formProblems(
  form: { readonly prompt: string; readonly model: string; readonly n: number; readonly images: number },
  limits: Limits,
): Problems {
  const problems: Partial<Record<Field, string>> = {};
  if (form.images === 0) problems.images = 'There is no image yet: drop one here, paste it, or pick it.';
  if (form.prompt.trim() === '') problems.prompt = 'Say what should change: the prompt is empty.';
  else if (form.prompt.length > limits.maxPromptChars) {
    const over = form.prompt.length - limits.maxPromptChars;
    problems.prompt = `The prompt is ${over} characters too long; at most ${limits.maxPromptChars} are taken.`;
  }
  if (form.model === '') problems.model = 'Choose a model.';
  if (!Number.isInteger(form.n) || form.n < 1 || form.n > limits.nMax) {
    problems.n = `Choose between 1 and ${limits.nMax} variants.`;
  }
  return problems;
}
