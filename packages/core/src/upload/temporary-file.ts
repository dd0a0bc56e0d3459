import { type FileHandle, mkdir, open, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { spoolName } from './spool-owner.ts';

/**
 * Bytes on disk that nobody else can name. The file is unlinked as soon as it is open, so that the kernel frees it when
 * the process ends in any way, kill -9 included; where the platform refuses that, it is removed on close, and after a crash by
 * `removeAbandonedSpools`.
 */
export class TemporaryFile {
  readonly #handle: FileHandle;
  readonly #leftover: string | undefined;

  private constructor(handle: FileHandle, leftover: string | undefined) {
    this.#handle = handle;
    this.#leftover = leftover;
  }

  /**
   * Makes a file of mode 0600 in `directory`, which is made when it is missing.
   * @throws the `fs` error.
   */
  static async create(directory: string): Promise<TemporaryFile> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, spoolName());
    const handle = await open(path, 'wx+', 0o600);
    const unlinked = await unlink(path).then(
      () => true,
      () => false,
    );
    return new TemporaryFile(handle, unlinked ? undefined : path);
  }

  /** Writes the whole of `bytes` at `position`. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.byteLength; ) {
      const { bytesWritten } = await this.#handle.write(
        bytes,
        done,
        bytes.byteLength - done,
        position + done,
      );
      done += bytesWritten;
    }
  }

  /** Reads `length` bytes at `position`; they must have been written. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, position + done);
      if (bytesRead === 0) throw new Error('the temporary file is shorter than what was written to it');
      done += bytesRead;
    }
    return bytes;
  }

  /** Reads and writes under way finish first (FileHandle counts them). */
  async close(): Promise<void> {
    await this.#handle.close();
    if (this.#leftover !== undefined) await rm(this.#leftover, { force: true });
  }
}
