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
    const path = join(directory, spoolName());
    const handle = await open(path, 'wx+', 0o600).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      return await open(path, 'wx+', 0o600);
    });
    const unlinked = await unlink(path).then(
      () => true,
      () => false,
    );
    return new TemporaryFile(handle, unlinked ? undefined : path);
  }

  /** Writes all `pieces`, one behind the other, from `position` on. */
  async write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    let left = pieces;
    for (let at = position; left.length > 0; ) {
      const { bytesWritten } = await this.#handle.writev(left, at);
      at += bytesWritten;
      left = behind(left, bytesWritten);
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

/** What is left of the pieces when so many bytes of them are written. */
function behind(pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let passed = 0;
  for (const [i, piece] of pieces.entries()) {
    if (passed + piece.byteLength > bytes) return [piece.subarray(bytes - passed), ...pieces.slice(i + 1)];
    passed += piece.byteLength;
  }
  return [];
}
