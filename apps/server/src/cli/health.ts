import { CliError } from './cli-error.ts';
import type { RunningGateway } from './running-gateway.ts';

/**
 * Whether the gateway would serve requests: for a container's health check.
 * @throws CliError when it would not.
 */
export async function health(gateway: RunningGateway, print: (text: string) => void): Promise<void> {
  const answer = (await gateway.ask('GET', '/health/ready')) as { readonly status?: string };
  if (answer.status !== 'ok') throw new CliError('The gateway is not ready.');
  print('ok\n');
}
