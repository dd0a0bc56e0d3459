import 'reflect-metadata';
import { ConfigError, EXIT_CONFIG } from './config/config-error.ts';
import { loadConfig } from './config/load.ts';
import { printConfig } from './config/print.ts';
import { serve } from './lifecycle/serve.ts';

/** `main.js` serves; `main.js config` prints the effective configuration. */
async function main(command: string | undefined): Promise<void> {
  const loaded = loadConfig({ env: process.env, cwd: process.cwd() });
  switch (command) {
    case undefined:
      return await serve(loaded);
    case 'config':
      process.stdout.write(printConfig(loaded));
      return;
    default:
      process.stderr.write(`There is no command "${command}". Known: config; none to serve.\n`);
      process.exitCode = 64;
  }
}

main(process.argv[2]).catch((error: unknown) => {
  const expected = error instanceof ConfigError;
  const text =
    expected || !(error instanceof Error)
      ? String((error as Error).message ?? error)
      : (error.stack ?? error.message);
  process.stderr.write(`${text}\n`);
  process.exit(expected ? EXIT_CONFIG : 1);
});
