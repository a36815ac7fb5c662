/** Reference pages of what an operator can set and call. */
import type { Command } from 'commander';
import { program } from '../src/cli/program.ts';
import { settings } from '../src/config.ts';

const note = '<!-- Written by `npm run generate`; edit the declarations instead. -->';

/** Every setting of `config.ts`. */
export function configurationTable(): string {
  const rows = settings.map(
    ({ name, fallback, meaning }) => `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${meaning} |`,
  );
  return [
    '# Configuration',
    '',
    note,
    '',
    'Settings are environment variables. Secrets come from files, never from a variable.',
    '',
    '| setting | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** Every command of `waffo`, as `--help` prints it. */
export function commandsPage(): string {
  const pages = leaves(program()).map(({ path, command }) =>
    [`## ${path}`, '', '```text', helpOf(command, path), '```', ''].join('\n'),
  );
  return ['# Commands', '', note, '', ...pages].join('\n');
}

function leaves(command: Command, path = command.name()): { path: string; command: Command }[] {
  if (command.commands.length === 0) return [{ path, command }];
  return command.commands.flatMap((child) => leaves(child, `${path} ${child.name()}`));
}

/** `--help` finds its width and its parents by itself; the page must not depend on either. */
function helpOf(command: Command, path: string): string {
  const text = command.configureOutput({ getOutHelpWidth: () => 100 }).helpInformation();
  return text.replace(/^Usage: \S.*?(?= \[options\]| <|$)/m, `Usage: ${path}`).trimEnd();
}
