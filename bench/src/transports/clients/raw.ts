import http2, { type ClientHttp2Session } from 'node:http2';
import https from 'node:https';
import type { Readable } from 'node:stream';
import type { BenchClient } from './client.ts';

/** What Node itself can do over HTTP/2: one session, one Buffer a stream, no limit, no check. */
export function rawHttp2(url: string, ca: string | undefined): BenchClient {
  // By default 10 MB of queued Buffers make Node refuse new streams of its own: two bodies of that size would do.
  const session = http2.connect(url, { maxSessionMemory: 1_000, ...(ca === undefined ? {} : { ca }) });
  return {
    upload: (body) => post(session, url, body),
    close: () => new Promise((resolve) => session.close(resolve)),
  };
}

/** The same with a connection of its own for every upload. */
export function rawHttp2Fresh(url: string, ca: string | undefined): BenchClient {
  return {
    async upload(body) {
      const session = http2.connect(url, ca === undefined ? {} : { ca });
      try {
        return await post(session, url, body);
      } finally {
        session.close();
      }
    },
    close: () => Promise.resolve(),
  };
}

function post(session: ClientHttp2Session, url: string, body: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    session.once('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': new URL(url).pathname,
      'content-type': 'application/octet-stream',
      'content-length': body.byteLength,
    });
    stream.once('error', reject);
    text(stream)
      .then(resolve, reject)
      .finally(() => session.off('error', reject));
    stream.end(body);
  });
}

/** What Node itself can do over HTTP/1.1. */
export function rawHttps(url: string, ca: string | undefined): BenchClient {
  const agent = new https.Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  return {
    upload: (body) =>
      new Promise((resolve, reject) => {
        const headers = {
          'content-type': 'application/octet-stream',
          'content-length': body.byteLength,
        };
        const request = https.request(url, { method: 'POST', agent, headers }, (response) => {
          text(response).then(resolve, reject);
        });
        request.once('error', reject);
        request.end(body);
      }),
    async close() {
      agent.destroy();
    },
  };
}

async function text(readable: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readable) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
