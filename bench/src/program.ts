import { extname } from 'node:path';

/** A program of this bench, in the language in which this module runs: the sources and the build both work. */
export function program(path: string): URL {
  return new URL(`./${path}${extname(import.meta.url)}`, import.meta.url);
}
