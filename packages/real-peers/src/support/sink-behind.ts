import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UploadSink } from './upload-sink.ts';

export interface SinkBehind extends AsyncDisposable {
  readonly sink: UploadSink;
  readonly socketPath: string;
}

/** An origin on a Unix socket in a folder of its own, for a proxy to stand in front of. */
export async function openSink(): Promise<SinkBehind> {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-sink-'));
  const socketPath = join(folder, 'sink.sock');
  const sink = await UploadSink.start(socketPath);
  return {
    sink,
    socketPath,
    async [Symbol.asyncDispose]() {
      await sink[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
