import { randomBytes } from 'node:crypto';
import { constants, createReadStream, type ReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageType } from '@ferry/core';

export interface StoredImage {
  readonly mediaType: ImageType['mediaType'];
  readonly bytes: number;
  /** Milliseconds until it may be gone. */
  readonly remainingMs: number;
  /** The content; the caller reads or destroys it. */
  read(): ReadStream;
}

const MEDIA_TYPES = {
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  avif: 'image/avif',
} as const satisfies Partial<Record<ImageType['extension'], ImageType['mediaType']>>;

type Extension = keyof typeof MEDIA_TYPES;

const isExtension = (text: string): text is Extension => Object.hasOwn(MEDIA_TYPES, text);

/** 144 random bits: nobody finds a result by trying. Also the proof that a name holds no path. */
const NAME = /^[A-Za-z0-9_-]{24}\.([a-z]{3,4})$/;
/** What gateways that wrote beside a file's place have left when they were killed. */
const UNFINISHED = /^\.[A-Za-z0-9_-]+\.part$/;
/** No write takes this long. Milliseconds. */
const UNFINISHED_MAX_AGE_MS = 3_600_000;

/** A new file whose `write` returns when the bytes are on the disk (open(2), `O_DSYNC`): a step less than a flush of its own. */
const NEW_AND_FLUSHED = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC;

/** Result images in one flat folder, under names that cannot be guessed, for a limited time. */
export class ImageStore {
  readonly #folder: string;
  readonly #lifetimeMs: number;
  readonly #now: () => number;

  /** @param now milliseconds since the Unix epoch; file times are compared with it. */
  constructor(folder: string, lifetimeMs: number, now: () => number = Date.now) {
    this.#folder = folder;
    this.#lifetimeMs = lifetimeMs;
    this.#now = now;
  }

  /** Makes the folder. Throws the `fs` error when that is impossible. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /**
   * Keeps `bytes` and gives the name to ask for them. Nobody can know the name before it is given, which is when the image is whole and
   * on the disk: so it is written in its place. Every step is one of the thread pool's, and on a slow disk each may take long.
   */
  async save(bytes: Uint8Array, type: ImageType): Promise<string> {
    if (!isExtension(type.extension)) throw new Error(`results of type ${type.mediaType} are not kept`);
    const name = `${randomBytes(18).toString('base64url')}.${type.extension}`;
    const path = join(this.#folder, name);
    const file = await open(path, NEW_AND_FLUSHED, 0o600);
    try {
      await writeWhole(file, bytes);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(path, { force: true });
      throw error;
    }
    // Not waited for: of bytes that are on the disk it has nothing more to tell.
    file.close().catch(() => undefined);
    return name;
  }

  /** The image of that name; undefined when there is none, or its time is over. */
  async find(name: string): Promise<StoredImage | undefined> {
    const extension = NAME.exec(name)?.[1];
    if (extension === undefined || !isExtension(extension)) return undefined;
    const path = join(this.#folder, name);
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) return undefined;
    const remainingMs = info.mtimeMs + this.#lifetimeMs - this.#now();
    if (remainingMs <= 0) return undefined;
    return {
      mediaType: MEDIA_TYPES[extension],
      bytes: info.size,
      remainingMs,
      read: () => createReadStream(path),
    };
  }

  /** Removes what is past its time; gives how many. Touches only files that this store names. */
  async sweep(): Promise<number> {
    let removed = 0;
    for (const name of await readdir(this.#folder)) {
      const maxAgeMs = NAME.test(name)
        ? this.#lifetimeMs
        : UNFINISHED.test(name)
          ? UNFINISHED_MAX_AGE_MS
          : undefined;
      if (maxAgeMs === undefined) continue;
      const path = join(this.#folder, name);
      // Another instance may share the folder: a file that is gone already is as it should be.
      const info = await stat(path).catch(() => undefined);
      if (info === undefined || info.mtimeMs + maxAgeMs > this.#now()) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }
}

/** In one step, however large: `writeFile` takes one for each half megabyte. */
async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await file.write(bytes, at)).bytesWritten;
}
