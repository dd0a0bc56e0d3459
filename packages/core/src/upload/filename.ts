/** Names for files whose names come from strangers. */
import type { ImageType } from './sniff.ts';

/** Enough for any real name, and short in a log line. */
const MAX_CHARACTERS = 150;

/**
 * A name that is only a name: no directory of either kind of system, no control or bidirectional-override character,
 * at most 150 characters with its extension kept. Undefined when nothing remains.
 */
export function cleanFilename(name: string): string | undefined {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  // \p{Cc} and \p{Zl}\p{Zp} break lines and logs; \p{Cf} holds the overrides that make exe.gpj read as jpg.exe.
  const clean = last
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim();
  if (/^\.*$/.test(clean)) return undefined;
  const characters = Array.from(clean);
  if (characters.length <= MAX_CHARACTERS) return clean;
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(clean)?.[0] ?? '';
  return characters.slice(0, MAX_CHARACTERS - extension.length).join('') + extension;
}

/** The name for an input that has none of its own. */
export function defaultFilename(type: ImageType | undefined): string {
  return type === undefined ? 'upload.bin' : `image.${type.extension}`;
}

/** The last part of a URL's path, with the extension of what it turned out to be when it has none. */
export function filenameFromUrl(url: URL, type: ImageType | undefined): string | undefined {
  const part = url.pathname.split('/').at(-1) ?? '';
  const name = cleanFilename(decodeOrKeep(part));
  if (name === undefined || type === undefined || /\.[A-Za-z0-9]{1,8}$/.test(name)) return name;
  return `${name}.${type.extension}`;
}

function decodeOrKeep(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
