import { type MemoryBudget, MemoryShare } from './memory-budget.ts';
import { SpoolMemory } from './spool-memory.ts';
import { TemporaryFile } from './temporary-file.ts';

/**
 * Where a spool's bytes lie: all in memory while they are few, else the latest of them in memory and the others in a temporary
 * file, which is written behind the writer's back in large pieces. Whoever reads close behind the writer never waits for the
 * disk, and the end of the content is never written.
 */
export class SpoolStorage {
  readonly #directory: string;
  readonly #memoryBytes: number;
  /** What may be held beyond that, until the content proves too large for it. */
  readonly #share: MemoryShare | undefined;
  readonly #memory = new SpoolMemory();
  #isForDisk = false;
  #file: TemporaryFile | undefined;
  /** Bytes that lie in the file. */
  #written = 0;
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(directory: string, memoryBytes: number, budget: MemoryBudget | undefined) {
    this.#directory = directory;
    this.#memoryBytes = memoryBytes;
    this.#share = budget && new MemoryShare(budget);
  }

  /** Bytes added so far: those that may be read. */
  get size(): number {
    return this.#memory.size;
  }

  /**
   * Adds `chunk`: a copy, or itself when nobody changes it any more. Await `room()` before the next one.
   */
  add(chunk: Uint8Array, owned: boolean): void {
    if (owned) this.#memory.addOwned(chunk);
    else this.#memory.addCopy(chunk);
    this.#isForDisk ||= !this.#fits(this.#memory.size);
    if (!this.#isForDisk) return;
    this.#dropWritten();
    if (this.#isWorthWriting) this.#writing ??= this.#write();
  }

  /**
   * Resolves when memory holds no more than it may; undefined when that is so now.
   * @throws the `fs` error.
   */
  room(): Promise<void> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    return this.#isForDisk && this.#memory.held > this.#memoryBytes ? this.#makeRoom() : undefined;
  }

  /** At least one and at most `length` bytes from `at`, which must be below `size`. */
  async slice(at: number, length: number): Promise<Uint8Array> {
    if (at >= this.#memory.start) return this.#memory.slice(at, length);
    // What memory has let go of is in the file.
    if (this.#file === undefined) throw new Error('the spool has no file');
    return await this.#file.read(at, Math.min(length, this.#written - at));
  }

  /** To be called when nothing is added any more; reads and writes that are under way finish first. */
  async close(): Promise<void> {
    await this.#writing;
    this.#memory.clear();
    this.#share?.shrinkTo(0);
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Whether so many bytes may be held. */
  #fits(bytes: number): boolean {
    return bytes <= this.#memoryBytes || this.#share?.growTo(bytes - this.#memoryBytes) === true;
  }

  /** What fits in memory as a whole never sees the disk; what does not goes there by halves of what may be held. */
  get #isWorthWriting(): boolean {
    const { size, held } = this.#memory;
    const left = size - this.#written;
    if (left === 0 || !this.#isForDisk || this.#failure !== undefined) return false;
    return left >= this.#memoryBytes / 2 || held > this.#memoryBytes;
  }

  async #makeRoom(): Promise<void> {
    while (this.#memory.held > this.#memoryBytes) {
      this.#writing ??= this.#write();
      await this.#writing;
      if (this.#failure !== undefined) throw this.#failure.error;
    }
  }

  /** Never rejects: whoever needs the room hears of a failure. What has not been written stays in memory. */
  async #write(): Promise<void> {
    try {
      while (this.#isWorthWriting) {
        this.#file ??= await TemporaryFile.create(this.#directory);
        const { size } = this.#memory;
        await this.#file.write(this.#memory.from(this.#written), this.#written);
        this.#written = size;
        this.#dropWritten();
      }
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#writing = undefined;
    }
  }

  #dropWritten(): void {
    this.#memory.drop(this.#written, this.#memoryBytes);
    this.#share?.shrinkTo(this.#memory.held - this.#memoryBytes);
  }
}
