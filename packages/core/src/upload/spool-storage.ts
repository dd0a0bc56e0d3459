import { TemporaryFile } from './temporary-file.ts';

/** Where a spool's bytes lie: the first `memoryBytes` in memory, what follows them in a temporary file. */
export class SpoolStorage {
  readonly #directory: string;
  readonly #memoryBytes: number;
  #memory: Buffer = Buffer.alloc(0);
  #file: TemporaryFile | undefined;
  #size = 0;

  constructor(directory: string, memoryBytes: number) {
    this.#directory = directory;
    this.#memoryBytes = memoryBytes;
  }

  /** Bytes appended so far: those that may be read. */
  get size(): number {
    return this.#size;
  }

  /** Copies `chunk` to the end; one call at a time. The size grows when all of it is there. */
  async append(chunk: Uint8Array): Promise<void> {
    const room = Math.max(0, this.#memoryBytes - this.#size);
    const kept = chunk.subarray(0, room);
    if (kept.byteLength > 0) this.#remember(kept);
    if (kept.byteLength < chunk.byteLength) {
      this.#file ??= await TemporaryFile.create(this.#directory);
      await this.#file.write(chunk.subarray(room), Math.max(0, this.#size - this.#memoryBytes));
    }
    this.#size += chunk.byteLength;
  }

  /** At least one and at most `length` bytes from `at`, which must be below `size`. */
  async slice(at: number, length: number): Promise<Uint8Array> {
    const end = Math.min(this.#size, at + length);
    if (at < this.#memoryBytes) return this.#memory.subarray(at, Math.min(end, this.#memoryBytes));
    if (this.#file === undefined) throw new Error('the spool has no file');
    return await this.#file.read(at - this.#memoryBytes, end - at);
  }

  /** To be called when no `append` is under way; reads that are finish first. */
  async close(): Promise<void> {
    this.#memory = Buffer.alloc(0);
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Readers hold views of the memory: it grows by replacement, and bytes once written never change. */
  #remember(bytes: Uint8Array): void {
    const needed = this.#size + bytes.byteLength;
    if (needed > this.#memory.byteLength) {
      const size = Math.min(this.#memoryBytes, Math.max(needed, this.#memory.byteLength * 2, 4096));
      const larger = Buffer.allocUnsafe(size);
      this.#memory.copy(larger, 0, 0, this.#size);
      this.#memory = larger;
    }
    this.#memory.set(bytes, this.#size);
  }
}
