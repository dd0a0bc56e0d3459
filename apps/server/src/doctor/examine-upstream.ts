import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { proxyTarget, SLOW_WINDOW_BYTES_PER_SECOND } from '@ferry/core';
import type { Finding, H2Facts, UpstreamFacts, UpstreamReport } from './finding.ts';
import { lookAtH2, openTcp, openTls, resolveName, type Target } from './probe-connection.ts';
import { megabytes, uploadCeiling } from './recommend.ts';

const DAY_MS = 86_400_000;
const FURTHER_CONNECTIONS = 2;
/** A certificate that expires sooner is worth a word. */
const EXPIRES_SOON_DAYS = 14;

/** Looks at an upstream step by step, and stops at the first that fails. Leaves no connection open. Never throws. */
export async function examineUpstream(name: string, target: Target): Promise<UpstreamReport> {
  const findings: Finding[] = [];
  const facts: { -readonly [K in keyof UpstreamFacts]: UpstreamFacts[K] } = {};
  const sockets: Socket[] = [];
  const find = (what: string, seen: string, verdict: Finding['verdict'] = 'ok'): void => {
    findings.push({ what, verdict, seen });
  };
  let step = 'DNS';
  try {
    if (target.proxy === undefined) {
      const { addresses, ms } = await resolveName(proxyTarget(target.url).host);
      find('DNS', `${addresses.join(', ')} in ${ms.toFixed(1)} ms`);
    } else find('proxy', `through ${target.proxy}, which resolves the name`);

    step = 'TCP';
    const tcp = await openTcp(target);
    sockets.push(tcp.socket);
    find('TCP', `connected in ${tcp.ms.toFixed(1)} ms`);
    facts.connectMs = tcp.ms;
    if (target.url.protocol === 'http:') {
      facts.alpn = 'none';
      find('TLS', 'none: keys and images cross the network in the clear', 'note');
    } else {
      step = 'TLS';
      const { socket, ms } = await openTls(target, tcp.socket);
      sockets.push(socket);
      facts.connectMs += ms;
      findings.push(certificate(socket, ms));
      facts.alpn = chosen(socket);
      findings.push(protocol(facts.alpn));
      facts.connectMs = Math.min(facts.connectMs, ...(await again(target)));
      step = 'HTTP/2';
      if (facts.alpn === 'h2') {
        facts.h2 = await lookAtH2(target.url, socket);
        findings.push(window(facts.h2));
      }
    }
  } catch (error) {
    find(step, why(error), 'problem');
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  return { name, url: target.url.origin, findings, facts };
}

/** The first connection of a process pays for more than the line: what some more take. */
async function again(target: Target): Promise<number[]> {
  const took: number[] = [];
  for (let left = FURTHER_CONNECTIONS; left > 0; left -= 1) {
    const tcp = await openTcp(target);
    try {
      const secure = await openTls(target, tcp.socket);
      took.push(tcp.ms + secure.ms);
      secure.socket.destroy();
    } finally {
      tcp.socket.destroy();
    }
  }
  return took;
}

function chosen({ alpnProtocol }: TLSSocket): 'h2' | 'http/1.1' | 'none' {
  return alpnProtocol === 'h2' || alpnProtocol === 'http/1.1' ? alpnProtocol : 'none';
}

function certificate(socket: TLSSocket, ms: number): Finding {
  const until = new Date(socket.getPeerCertificate().valid_to);
  const days = Math.floor((until.getTime() - Date.now()) / DAY_MS);
  return {
    what: 'TLS',
    verdict: days < EXPIRES_SOON_DAYS ? 'note' : 'ok',
    seen: `${socket.getProtocol()} in ${ms.toFixed(1)} ms, certificate valid for ${days} more days`,
  };
}

function protocol(alpn: NonNullable<UpstreamFacts['alpn']>): Finding {
  switch (alpn) {
    case 'h2':
      return { what: 'ALPN', verdict: 'ok', seen: 'h2' };
    case 'http/1.1':
      return { what: 'ALPN', verdict: 'note', seen: 'http/1.1: no HTTP/2 here' };
    case 'none':
      return { what: 'ALPN', verdict: 'note', seen: 'nothing chosen: HTTP/1.1 it is' };
    default:
      return alpn satisfies never;
  }
}

function window(h2: H2Facts): Finding {
  const ceiling = uploadCeiling(h2);
  const slow = ceiling < SLOW_WINDOW_BYTES_PER_SECOND;
  const streams = h2.maxStreams === undefined ? 'any number of' : h2.maxStreams;
  return {
    what: 'HTTP/2',
    verdict: slow ? 'note' : 'ok',
    seen:
      `round trip ${h2.roundTripMs.toFixed(1)} ms, window ${h2.streamWindow} bytes a stream and ${h2.connectionWindow} a connection: ` +
      `at most ${megabytes(ceiling)} MB/s an upload; ${streams} streams`,
  };
}

/** An error in a few words: its code and what it says. */
function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
