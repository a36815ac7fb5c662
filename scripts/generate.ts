/**
 * Writes everything that is derived from the declarations; with `--check` only compares, and fails on drift.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cryptoPage } from '../packages/gateway/generate/crypto.ts';
import { declinesPage } from '../packages/gateway/generate/declines.ts';
import { commandsPage, configurationTable, operatorPage } from '../packages/gateway/generate/tables.ts';
import { openApi } from '../packages/protocol/generate/openapi.ts';
import {
  codesTable,
  notificationsTable,
  operationsTable,
  statusesTable,
} from '../packages/protocol/generate/tables.ts';
import { typescript } from '../packages/protocol/generate/typescript.ts';

const root = new URL('../', import.meta.url);

const files: Record<string, string> = {
  'docs/reference/openapi.json': `${JSON.stringify(openApi(), undefined, 2)}\n`,
  'docs/reference/codes.md': codesTable(),
  'docs/reference/declines.md': declinesPage(),
  'docs/reference/statuses.md': statusesTable(),
  'docs/reference/operations.md': operationsTable(),
  'docs/reference/notifications.md': notificationsTable(),
  'docs/reference/configuration.md': configurationTable(),
  'docs/reference/commands.md': commandsPage(),
  'docs/reference/operator.md': operatorPage(),
  'docs/reference/crypto.md': cryptoPage(),
  'packages/waffo-node/src/generated/types.ts': typescript(),
};

const check = process.argv.includes('--check');
const drifted: string[] = [];

for (const [name, text] of Object.entries(files)) {
  const path = fileURLToPath(new URL(name, root));
  const present = await readFile(path, 'utf8').catch(() => '');
  if (present === text) continue;
  drifted.push(name);
  if (check) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

for (const name of drifted) console.log(check ? `out of date: ${name}` : `wrote ${name}`);
if (check && drifted.length > 0) {
  console.error('Run `npm run generate` and commit what it writes.');
  process.exitCode = 1;
}
