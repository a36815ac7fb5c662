/** The commands of `waffo`, one line each; a command's file is called by its noun. */
import { Command } from 'commander';
import { auditCommand } from './audit.ts';
import { clockCommand } from './clock.ts';
import { doctorCommand } from './doctor.ts';
import { keyCommand } from './key.ts';
import { merchantCommand } from './merchant.ts';
import { merchantKeyCommand } from './merchant-key.ts';
import { migrateCommand } from './migrate.ts';
import { serveCommand } from './serve.ts';
import { tokenCommand } from './token.ts';
import { webhookCommand } from './webhook.ts';

/**
 * @returns the program; `parseAsync` runs the command that the arguments name, `serve` when they name none
 */
export function program(): Command {
  const waffo = new Command('waffo')
    .description('Card vault and payment gateway. Settings are environment variables: docs/reference/configuration.md')
    .addCommand(serveCommand())
    .addCommand(migrateCommand())
    .addCommand(merchantCommand())
    .addCommand(merchantKeyCommand())
    .addCommand(tokenCommand())
    .addCommand(clockCommand())
    .addCommand(webhookCommand())
    .addCommand(auditCommand())
    .addCommand(keyCommand())
    .addCommand(doctorCommand());
  pointToHelp(waffo);
  return waffo;
}

/** A command that is added does not take this over by itself. */
function pointToHelp(command: Command): void {
  command.showHelpAfterError('(run with --help for what there is)');
  for (const one of command.commands) pointToHelp(one);
}
