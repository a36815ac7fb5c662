#!/usr/bin/env node
/** The process: arguments in, exit code out. */
import { ZodError } from 'zod';
import { program } from './cli/program.ts';

const named = process.argv.length > 2;

program()
  .parseAsync(named ? process.argv : [...process.argv, 'serve'])
  .catch((error: unknown) => {
    process.stderr.write(`waffo: ${sentenceOf(error)}\n`);
    process.exit(1);
  });

function sentenceOf(error: unknown): string {
  if (error instanceof ZodError)
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return error instanceof Error ? error.message : String(error);
}
