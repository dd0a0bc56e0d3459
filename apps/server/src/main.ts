#!/usr/bin/env node
import './lifecycle/young-generation.ts';
import 'reflect-metadata';
import { CommanderError } from 'commander';
import { CliError } from './cli/cli-error.ts';
import { program } from './cli/program.ts';
import { ConfigError, EXIT_CONFIG } from './config/config-error.ts';
import { loadConfig } from './config/load.ts';

/** EX_USAGE of sysexits(3). */
const EXIT_USAGE = 64;

/** `main.js` serves; `main.js --help` lists the commands. */
const ferry = program({
  load: () => loadConfig({ env: process.env, cwd: process.cwd() }),
  // The gateway itself is read only to serve: a health check every few seconds must not load a framework.
  serve: async (loaded) => await (await import('./lifecycle/serve.ts')).serve(loaded),
  print: (text) => process.stdout.write(text),
});
ferry.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    // It has been said already.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
    return;
  }
  if (error instanceof CliError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.code;
    return;
  }
  const expected = error instanceof ConfigError;
  const text =
    expected || !(error instanceof Error)
      ? String((error as Error).message ?? error)
      : (error.stack ?? error.message);
  process.stderr.write(`${text}\n`);
  process.exit(expected ? EXIT_CONFIG : 1);
});
