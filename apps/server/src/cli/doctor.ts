/** `ferry doctor`: what this machine and each upstream are like, and which settings fit. */
import { proxyFor } from '@ferry/core';
import type { Logger } from 'pino';
import type { LoadedConfig } from '../config/load.ts';
import { examineMachine } from '../doctor/examine-machine.ts';
import { examineUpstream } from '../doctor/examine-upstream.ts';
import type { Finding, UpstreamReport } from '../doctor/finding.ts';
import type { Target } from '../doctor/probe-connection.ts';
import { type Recommendation, recommend } from '../doctor/recommend.ts';
import { Simulator, type SimulatorAddress } from '../providers/simulator.ts';
import { readAuthorities } from '../transport/authorities.ts';
import { CliError } from './cli-error.ts';
import { columns } from './table.ts';

interface Report {
  readonly machine: readonly Finding[];
  readonly upstreams: readonly (UpstreamReport & { readonly recommendation: Recommendation | null })[];
}

/** @throws CliError when something is to be mended; the report is printed before. */
export async function doctor(
  loaded: LoadedConfig,
  logger: Logger,
  { json }: { readonly json: boolean },
  print: (text: string) => void,
): Promise<void> {
  const machine = await examineMachine(loaded.config, loaded.secrets.databaseUrl !== undefined);
  const upstreams = [];
  await using targets = await targetsOf(loaded, logger);
  for (const [name, target] of targets.list) {
    const report = await examineUpstream(name, target);
    upstreams.push({ ...report, recommendation: recommend(report.facts) ?? null });
  }
  const report: Report = { machine, upstreams };
  print(json ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
  const problems = [machine, ...upstreams.map(({ findings }) => findings)].flat().filter(isProblem).length;
  if (problems > 0) throw new CliError(`${problems} ${problems === 1 ? 'problem' : 'problems'} to mend.`);
}

const isProblem = ({ verdict }: Finding): boolean => verdict === 'problem';

interface Targets extends AsyncDisposable {
  readonly list: readonly (readonly [name: string, target: Target])[];
}

/** The configured upstreams; without one, a simulator that lives as long as the examination. */
async function targetsOf({ config, secrets }: LoadedConfig, logger: Logger): Promise<Targets> {
  if (config.provider.length > 0) {
    const choose = proxyFor(secrets.proxy);
    const list = config.provider.map(({ name, base_url, ca_file }) => {
      const url = new URL(base_url);
      const ca = ca_file === undefined ? undefined : readAuthorities(ca_file);
      return [name, { url, ca, proxy: choose(url) }] as const;
    });
    return { list, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const ready = Promise.withResolvers<SimulatorAddress>();
  const simulator = new Simulator({ logger, onReady: ready.resolve, onDown: () => undefined });
  await simulator.start();
  const { url, caPem } = await ready.promise;
  return {
    list: [['simulator', { url: new URL(url), ca: caPem, proxy: undefined }]],
    [Symbol.asyncDispose]: () => simulator.stop(),
  };
}

function asText({ machine, upstreams }: Report): string {
  const parts = [`This machine\n${findingRows(machine)}`];
  for (const { name, url, findings, recommendation } of upstreams) {
    parts.push(`${name}  ${url}\n${findingRows(findings)}${recommendation ? advice(recommendation) : ''}`);
  }
  return parts.join('\n');
}

const findingRows = (findings: readonly Finding[]): string =>
  columns(findings.map(({ what, verdict, seen }) => [`  ${verdict}`, what, seen]));

function advice({ settings, why }: Recommendation): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return `  fits: ${lines.join(', ')}\n${why.map((sentence) => `        ${sentence}\n`).join('')}`;
}
