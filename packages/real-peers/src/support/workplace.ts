import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLoopbackCertificate } from '@ferry/upstream-sim/peers';
import { freePort } from './free-port.ts';

/** What every server needs: a folder that is removed with it, a port and a certificate. */
export interface Workplace extends AsyncDisposable {
  /** The path of a file in the folder. */
  file(name: string): string;
  /** Writes a file and gives its path. */
  write(name: string, text: string): Promise<string>;
  readonly port: number;
  readonly url: URL;
  readonly keyPath: string;
  readonly certPath: string;
  /** Certificate and key in one file, as HAProxy wants them. */
  readonly bothPath: string;
  /** What clients must trust. */
  readonly caPem: string;
}

export async function openWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'ferry-peer-'));
  const file = (name: string) => join(folder, name);
  const write = async (name: string, text: string) => {
    await writeFile(file(name), text, { mode: 0o600 });
    return file(name);
  };
  const { keyPem, certPem, caPem } = await createLoopbackCertificate();
  const port = await freePort();
  return {
    file,
    write,
    port,
    url: new URL(`https://127.0.0.1:${port}/v1/files`),
    keyPath: await write('key.pem', keyPem),
    certPath: await write('cert.pem', certPem),
    bothPath: await write('both.pem', `${certPem}\n${keyPem}`),
    caPem,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
