#!/usr/bin/env node
import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { certificateSchema, createLoopbackCertificate, type LoopbackCertificate } from './certificate.ts';
import type { LedgerEntry } from './ledger.ts';
import { createSimulator, type SimulatorOptions } from './simulator.ts';

const USAGE = `ferry-upstream-sim: an upstream on loopback, with real edits and faults on request

  --port <n>             HTTPS port; default: chosen by the system
  --control-port <n>     plain HTTP control port; default: chosen by the system
  --host <address>       a loopback address; default 127.0.0.1
  --protocols <which>    both, h2 or http1; default both
  --shape <api>          xai (files, and edits that name them) or openai (edits that hold their images); default xai
  --key <key>            an accepted API key; may be repeated; default: all are
  --upload-latency <ms>  added to every upload; default 0
  --edit-latency <ms>    added to every edit; default 0
  --without-image-work   every edit is answered with one small picture; no image is decoded
  --stream-window <bytes>      what an HTTP/2 stream may send before it must wait; default 1048576
  --connection-window <bytes>  the same for all streams of a connection; default 16777216
  --certificate <file>   JSON { keyPem, certPem, caPem }: the same after a restart; default: made anew; -: the first line of stdin
  --print-certificate    adds the certificate, with its key, to the line on stdout, for who starts it again
  --ledger-file <file>   a line of JSON is appended when a request's work is done, before it is answered, and at its end
  --parent-watch         exit when stdin ends
  --verbose              a line on stderr for every request
  --help

Prints one line of JSON on stdout when it is ready: { url, controlUrl, caPem, pid }.
`;

/** RFC 9113 section 6.9.1. */
const MAX_WINDOW_BYTES = 2 ** 31 - 1;

/** A flag that cannot be used. */
class UsageError extends Error {}

interface CommandLine {
  readonly options: SimulatorOptions;
  /** `-` or a file. */
  readonly certificate: string | undefined;
  readonly printCertificate: boolean;
  readonly parentWatch: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
}

function readCommandLine(): CommandLine {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      'control-port': { type: 'string' },
      host: { type: 'string' },
      protocols: { type: 'string' },
      shape: { type: 'string' },
      key: { type: 'string', multiple: true },
      'upload-latency': { type: 'string' },
      'edit-latency': { type: 'string' },
      'without-image-work': { type: 'boolean', default: false },
      'stream-window': { type: 'string' },
      'connection-window': { type: 'string' },
      certificate: { type: 'string' },
      'print-certificate': { type: 'boolean', default: false },
      'ledger-file': { type: 'string' },
      'parent-watch': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const protocols = values.protocols ?? 'both';
  if (protocols !== 'both' && protocols !== 'h2' && protocols !== 'http1') {
    throw new UsageError('--protocols must be both, h2 or http1');
  }
  const shape = values.shape ?? 'xai';
  if (shape !== 'xai' && shape !== 'openai') throw new UsageError('--shape must be xai or openai');
  const { certificate, 'ledger-file': ledgerFile } = values;
  const { 'stream-window': streamWindow, 'connection-window': connectionWindow } = values;
  return {
    options: {
      protocols,
      shape,
      port: whole('--port', values.port, 65_535),
      controlPort: whole('--control-port', values['control-port'], 65_535),
      latencyMs: {
        upload: whole('--upload-latency', values['upload-latency'], 600_000),
        edit: whole('--edit-latency', values['edit-latency'], 600_000),
      },
      imageWork: !values['without-image-work'],
      http2: {
        ...(streamWindow !== undefined && {
          initialWindowSize: whole('--stream-window', streamWindow, MAX_WINDOW_BYTES),
        }),
        ...(connectionWindow !== undefined && {
          connectionWindowSize: whole('--connection-window', connectionWindow, MAX_WINDOW_BYTES),
        }),
      },
      ...(values.host !== undefined && { host: values.host }),
      ...(values.key && { keys: values.key }),
      ...(ledgerFile !== undefined && { journal: (entry) => append(ledgerFile, entry) }),
    },
    certificate,
    printCertificate: values['print-certificate'],
    parentWatch: values['parent-watch'],
    verbose: values.verbose,
    help: values.help,
  };
}

function whole(flag: string, text: string | undefined, most: number): number {
  const value = Number(text ?? 0);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new UsageError(`${flag} must be a whole number from 0 to ${most}`);
}

function asCertificate(json: string): LoopbackCertificate {
  try {
    return certificateSchema.parse(JSON.parse(json));
  } catch {
    throw new UsageError('--certificate must be JSON with keyPem, certPem and caPem');
  }
}

function readCertificate(path: string): LoopbackCertificate {
  try {
    return asCertificate(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError('--certificate must be a file that can be read, or -');
  }
}

/** At once and not in its turn: a process that is killed has told of all that it has answered. */
function append(path: string, entry: LedgerEntry): void {
  appendFileSync(path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
}

async function main(): Promise<void> {
  const { options, certificate: source, printCertificate, parentWatch, verbose, help } = readCommandLine();
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  // Watched from the first moment: a parent may die while we start.
  const ended = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    process.once('disconnect', resolve);
    if (parentWatch) {
      process.stdin.once('end', resolve);
      process.stdin.once('error', resolve);
      process.stdin.resume();
    }
  });
  const certificate = await certificateFrom(source);
  const simulator = await createSimulator({
    ...options,
    certificate,
    ...(verbose && { onExchange: logExchange }),
    onInternalError: (error) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(`internal error: ${text}\n`);
    },
  });
  const { url, controlUrl, caPem } = simulator;
  const ready = { url, controlUrl, caPem, pid: process.pid, ...(printCertificate && { certificate }) };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await ended;
  await simulator.close();
}

async function certificateFrom(source: string | undefined): Promise<LoopbackCertificate> {
  if (source === undefined) return await createLoopbackCertificate();
  return source === '-' ? asCertificate(await firstLine()) : readCertificate(source);
}

/** A key that comes this way is in no file, and in no list of processes. */
function firstLine(): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (piece: Buffer): void => {
      text += piece.toString('latin1');
      const end = text.indexOf('\n');
      if (end === -1) return;
      // What follows is dropped: the stream goes on to its end, which may be watched.
      process.stdin.off('data', take).resume();
      resolve(text.slice(0, end));
    };
    process.stdin.on('data', take);
    process.stdin.once('end', () => reject(new UsageError('--certificate -: no line came on stdin')));
  });
}

function logExchange(entry: LedgerEntry): void {
  const {
    method,
    path,
    protocol,
    connectionId,
    connectionUse,
    status,
    outcome,
    bytesReceived,
    fault,
    durationMs,
  } = entry;
  const answer = status === undefined ? outcome : `${status} ${outcome}`;
  const struck = fault ? ` (${fault.effect})` : '';
  process.stderr.write(
    `${method} ${path} ${protocol} ${connectionId}#${connectionUse} ${bytesReceived} B -> ${answer} ${durationMs} ms${struck}\n`,
  );
}

try {
  await main();
  // Nothing of ours is left; an edit that still computes must not hold the exit.
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}
