/** Reference pages of what an operator can set and call. */
import type { Command } from 'commander';
import { z } from 'zod';
import { program } from '../src/cli/program.ts';
import { operatorRoutes } from '../src/operator.ts';
import { settings } from '../src/settings.ts';

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
    'Settings are environment variables. Secrets come from files. Two may stand in a variable: `WAFFO_KEK`, which production',
    'refuses, and a password in `WAFFO_DATABASE_URL`, which `WAFFO_DATABASE_PASSWORD_FILE` keeps out of it.',
    'A name that is a slip of one of these is refused, and told what was likely meant; other names that begin with `WAFFO_`',
    'are not read: they may be an SDK’s or a platform’s.',
    '',
    '| setting | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** Every call of the operator API. */
export function operatorPage(): string {
  const rows = operatorRoutes.map(
    ({ method, path, summary, input }) =>
      `| \`${method}\` | \`/operator/v1${path.replace(/:(\w+)/g, '{$1}')}\` | ${summary} | ${members(input)} |`,
  );
  return [
    '# Operator API',
    '',
    note,
    '',
    'Merchants, their keys and limits, tokens, clocks and notifications, over HTTP, for a console and for scripts. Only a command',
    'serves and migrates, handles keys of the vault, reads the access log, moves cards in and out, and is a doctor. The API is off',
    'until `WAFFO_OPERATOR_PORT` is set, listens on 127.0.0.1 only, and takes the key of the file `operator.key` in `WAFFO_HOME` as',
    '`Authorization: Bearer <key>`. Errors are RFC 9457 problems with `code` and `detail`.',
    '',
    '| method | path | what it does | members |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

interface Shape {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Shape[];
}

const members = (input: z.ZodType): string => namesOf(z.toJSONSchema(input, { io: 'input' }) as Shape);

function namesOf({ properties = {}, required = [], anyOf }: Shape): string {
  if (anyOf !== undefined) return anyOf.map(namesOf).join(' or ');
  return Object.keys(properties)
    .map((name) => `\`${name}\`${required.includes(name) ? '' : '?'}`)
    .join(', ');
}

/** Every command of `waffo`, as `--help` prints it. */
export function commandsPage(): string {
  const pages = leaves(program()).map(({ path, command }) =>
    [`## ${path}`, '', '```text', helpOf(command, path), '```', ''].join('\n'),
  );
  return [
    '# Commands',
    '',
    note,
    '',
    '`waffo` is `npm run waffo --` in a clone; [in compose and under systemd](../guide/operating.md#commands) it is another line.',
    '',
    ...pages,
  ].join('\n');
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
