#!/usr/bin/env node
/** The process: arguments in, exit code out. */
import { program } from './cli/program.ts';

const named = process.argv.length > 2;

program()
  .parseAsync(named ? process.argv : [...process.argv, 'serve'])
  .catch((error: unknown) => {
    process.stderr.write(`waffo: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
