/** The thread of `startPromptPeer`: answers each request as soon as its last byte has arrived. */
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import type { TestCertificate } from './certificate.ts';

const { certificate, answers } = workerData as {
  readonly certificate: TestCertificate | undefined;
  readonly answers: Int32Array;
};

function serve(socket: Socket): void {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    if (!isWhole(text)) return;
    text = '';
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', () => Atomics.add(answers, 0, 1));
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = text.slice(0, end).toLowerCase();
  if (head.includes('transfer-encoding: chunked')) return text.endsWith('\r\n0\r\n\r\n');
  const length = /content-length: (\d+)/.exec(head)?.[1] ?? '0';
  return text.length >= end + 4 + Number(length);
}

const server = certificate
  ? tls.createServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, serve)
  : net.createServer(serve);
server.listen(0, 'localhost', () => parentPort?.postMessage((server.address() as AddressInfo).port));
