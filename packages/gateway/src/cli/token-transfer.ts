/** `waffo token import-key|import|export`: cards that move in from another vault, and out to one. */
import { createReadStream } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { configFrom } from '../config.ts';
import { openConnectors } from '../connector/open.ts';
import { type Ground, withGround } from '../ground.ts';
import { newRowId } from '../id.ts';
import { clockOf } from '../job/merchant-clock.ts';
import { findMerchant } from '../merchant/find.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { countCards, exportedLines } from '../tokenization/export-cards.ts';
import { type ImportedLine, importLine } from '../tokenization/import-cards.ts';
import { recordAccess } from '../vault/access-log.ts';
import { destroyImportKey, ensureImportKey, lineOpener } from '../vault/import-key.ts';
import { recipientPoint } from '../vault/transfer-envelope.ts';
import { operator } from './audit.ts';
import { printLines } from './print.ts';
import { startProgress } from './progress.ts';

export const importKeyCommand = (): Command =>
  new Command('import-key')
    .description(
      'print the public key to which another vault encrypts the cards of a merchant; made when there is none',
    )
    .argument('<merchant>')
    .option('--destroy', 'destroy it: files that were encrypted to it never open again')
    .action((merchantId: string, { destroy }: { destroy?: true }) =>
      withMerchant(merchantId, async (ground) => {
        const purpose = destroy ? 'destroy-key' : 'show-key';
        await recordAccess(ground, { merchantId, actor: operator(), act: 'token.import', purpose });
        if (destroy) {
          const was = await destroyImportKey(ground, merchantId);
          process.stdout.write(was ? '  it is destroyed\n' : '  there was none\n');
        } else process.stdout.write(`${JSON.stringify(await ensureImportKey(ground, merchantId), null, 2)}\n`);
      }),
    );

export const importCommand = (): Command =>
  new Command('import')
    .description('make tokens of the cards in a file; give the same command again when it was interrupted')
    .argument('<merchant>')
    .argument('<file>', 'one JWE a line, encrypted to the key that import-key prints')
    .requiredOption('--results <file>', 'where each line is told with its old id and its token, as JSON lines')
    .option('--dry-run', 'check every line and make nothing')
    .addHelpText('after', '\nIt exits with 1 when a line was refused; the results file says why.')
    .action((merchantId: string, file: string, options: { results: string; dryRun?: true }) =>
      withMerchant(merchantId, (ground, merchant) => importFile(ground, merchant, file, options)),
    );

export const exportCommand = (): Command =>
  new Command('export')
    .description("write a merchant's cards for another vault, each encrypted to its public key")
    .argument('<merchant>')
    .requiredOption('--recipient <file>', "the other vault's public key: a JWK on P-256")
    .requiredOption('--out <file>', 'where the lines go; it appears when it is whole')
    .action((merchantId: string, options: { recipient: string; out: string }) =>
      withMerchant(merchantId, (ground) => exportFile(ground, merchantId, options)),
    );

const withMerchant = (merchantId: string, work: (ground: Ground, merchant: Merchant) => Promise<void>) =>
  withGround(configFrom(), async (ground) => {
    const merchant = await findMerchant(ground, merchantId);
    if (merchant === undefined) throw new Error(`there is no merchant ${merchantId}`);
    await work(ground, merchant);
  });

/** Readable by its owner only, like all that names cards. */
const privateMode = 0o600;

async function importFile(
  ground: Ground,
  merchant: Merchant,
  file: string,
  { results, dryRun }: { readonly results: string; readonly dryRun?: true },
): Promise<void> {
  const { merchantId } = merchant;
  const opener = await lineOpener(ground, merchantId);
  if (opener === undefined)
    throw new Error(`${merchantId} has no import key; make one: waffo token import-key ${merchantId}`);
  const total = await countLines(file);
  const clock = await clockOf(ground, merchantId);
  const deps = { ...ground, clock, connectors: openConnectors(ground) };
  const reference = newRowId();
  const run = { merchant, opener, actor: operator(), reference, wouldHave: dryRun && new Set<string>() };
  const purpose = dryRun ? 'dry-run' : 'run';
  await recordAccess(ground, { merchantId, actor: run.actor, act: 'token.import', purpose, reference });
  const counts = { imported: 0, duplicate: 0, refused: 0 };
  const progress = startProgress({ noun: 'lines', total });
  const out = await open(results, 'w', privateMode);
  try {
    // Also of a file that was there.
    await out.chmod(privateMode);
    let line = 0;
    for await (const jwe of linesOf(file)) {
      line += 1;
      const done = await importLine(deps, run, jwe);
      counts[done.result] += 1;
      await out.write(`${JSON.stringify(told(line, done))}\n`);
      progress.update(line);
    }
  } finally {
    progress.end();
    await out.close();
    opener.close();
    await deps.connectors.stop();
  }
  printLines({
    [dryRun ? 'Would import' : 'Imported']: String(counts.imported),
    Duplicates: String(counts.duplicate),
    Refused: String(counts.refused),
    Results: results,
  });
  if (counts.refused > 0) process.exitCode = 1;
}

const told = (line: number, { id, result, tokenId, reason }: ImportedLine) => ({ line, id, result, tokenId, reason });

async function exportFile(
  ground: Ground,
  merchantId: string,
  { recipient, out }: { readonly recipient: string; readonly out: string },
): Promise<void> {
  const point = recipientPoint(await readFile(recipient, 'utf8'));
  const reference = newRowId();
  const actor = operator();
  await recordAccess(ground, { merchantId, actor, act: 'token.export', purpose: 'run', reference });
  const progress = startProgress({ noun: 'cards', total: await countCards(ground, merchantId) });
  const unfinished = `${out}.part`;
  const file = await open(unfinished, 'w', privateMode);
  let written = 0;
  try {
    for await (const line of exportedLines(ground, { merchantId, recipient: point, actor, reference })) {
      await file.write(`${line}\n`);
      progress.update(++written);
    }
    await file.sync();
  } finally {
    progress.end();
    await file.close();
  }
  await rename(unfinished, out);
  printLines({ Exported: String(written), File: out });
}

/** Lines that are not blank. */
async function* linesOf(file: string): AsyncGenerator<string> {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') yield line.trim();
  }
}

async function countLines(file: string): Promise<number> {
  let count = 0;
  for await (const _line of linesOf(file)) count += 1;
  return count;
}
