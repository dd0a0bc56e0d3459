import { Command, InvalidArgumentError } from 'commander';
import type { LoadedConfig } from '../config/load.ts';
import { printConfig } from '../config/print.ts';
import { createLogger } from '../logging/logger.ts';
import { VERSION } from '../version.ts';
import { health } from './health.ts';
import type { KeysCommand } from './keys.ts';
import { RunningGateway } from './running-gateway.ts';
import { changeSettings, rollback, showHistory, showSettings } from './settings.ts';

export interface Cli {
  /** Read when a command needs it: help needs no configuration. */
  load(): LoadedConfig;
  serve(loaded: LoadedConfig): Promise<void>;
  /** Standard output. */
  print(text: string): void;
}

/** The command line: one sentence a command, the work elsewhere. */
export function program({ load, serve, print }: Cli): Command {
  const ferry = new Command('ferry')
    .description('An image-to-image gateway whose uploads arrive. Without a command it serves.')
    .version(VERSION)
    .showHelpAfterError('Try --help.')
    // Also for the commands below, which are made after it.
    .exitOverride()
    .action(async () => await serve(load()));
  const gateway = (): RunningGateway => new RunningGateway(load());
  const dryRun = ['--dry-run', 'only say what would change', false] as const;

  ferry
    .command('serve')
    .description('serve until a signal ends it')
    .action(async () => await serve(load()));
  ferry
    .command('config')
    .description('print the effective configuration, each value with its source')
    .action(() => print(printConfig(load())));
  ferry
    .command('health')
    .description('whether the running gateway would serve requests; exit code 0 when it would')
    .action(async () => await health(gateway(), print));
  ferry
    .command('doctor')
    .description(
      'look at this machine and at each upstream: DNS, TLS, ALPN, HTTP/2 window, round trip; say which settings fit',
    )
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }) => {
      const loaded = load();
      const { doctor } = await import('./doctor.ts');
      await doctor(loaded, quietLogger(), options, print);
    });
  ferry
    .command('upload <file>')
    .description('upload one file as the gateway would, without the gateway, and show each attempt')
    .option('--model <name>', 'the model, or its alias, whose upstream gets it')
    .option('--reuse-session', 'share connections')
    .option('--no-reuse-session', 'a connection of its own')
    .action(async (file: string, options: { model?: string; reuseSession?: boolean }) => {
      const loaded = load();
      const { model, reuseSession } = options;
      const { upload } = await import('./upload.ts');
      await upload({ file, model, reuseSession }, loaded, quietLogger(), print);
    });

  ferry
    .command('settings')
    .description('show the settings of the running gateway')
    .action(async () => await showSettings(gateway(), print));
  ferry
    .command('history')
    .description('show who changed which setting, when and why')
    .action(async () => await showHistory(gateway(), print));
  ferry
    .command('set <assignments...>')
    .description(
      'change settings of the running gateway: ferry set upload.reuse_session=true --why "fewer handshakes"',
    )
    .requiredOption('--why <reason>', 'kept with the revision')
    .option(...dryRun)
    .action(async (assignments: string[], options: { why: string; dryRun: boolean }) => {
      await changeSettings(gateway(), { assignments, ...options }, print);
    });
  ferry
    .command('rollback')
    .description('bring back the settings of a revision; of the one before, when none is named')
    .argument('[revision]', 'its number, as `ferry history` shows it', wholeNumber)
    .option('--why <reason>', 'kept with the new revision')
    .option(...dryRun)
    .action(async (revision: number | undefined, options: { why?: string; dryRun: boolean }) => {
      await rollback(gateway(), { ...options, revision }, print);
    });

  const keys = ferry.command('keys').description('API keys of clients');
  const keysCommand = (): KeysCommand => {
    const loaded = load();
    return { loaded, gateway: new RunningGateway(loaded), logger: quietLogger(), print };
  };
  keys
    .command('add <name>')
    .description('make a key and print it, this once')
    .action(async (name: string) => await (await import('./keys.ts')).addKey(keysCommand(), name));
  keys
    .command('list')
    .description('the keys, without the keys themselves')
    .action(async () => await (await import('./keys.ts')).listKeys(keysCommand()));
  keys
    .command('revoke <id>')
    .description('from now on the key opens nothing')
    .action(async (id: string) => await (await import('./keys.ts')).revokeKey(keysCommand(), id));
  return ferry;
}

/** What goes wrong beside a command goes to standard error: standard output is the command's. */
const quietLogger = () => createLogger({ level: 'warn', human: false, fd: 2 });

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected the number of a revision');
}
