/** `waffo audit`: the access log as an operator reads it, proves it and anchors it. Reading it is itself written down. */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { configFrom } from '../config.ts';
import { type Ground, withGround } from '../ground.ts';
import { knownMerchant } from '../merchant/administer.ts';
import { openPlatformKeys } from '../merchant/platform-keys.ts';
import { systemSigner } from '../merchant/system-signer.ts';
import { type Anchor, type AnchorSigner, anchorChains, anchorsIn, printedAnchor } from '../vault/access-anchor.ts';
import { recordAccess } from '../vault/access-log.ts';
import { listAccesses } from '../vault/list-accesses.ts';
import { type ChainReport, verifyAccessLog } from '../vault/verify-access-log.ts';
import { printTable } from './print.ts';

export const auditCommand = (): Command =>
  new Command('audit')
    .description('the access log: who used which card, and the proof that nothing in it was changed')
    .addCommand(listCommand())
    .addCommand(verifyCommand())
    .addCommand(anchorCommand());

/** Who runs this command, as the access log names it. */
export const operator = (): string => `operator:${userName()}`;

/** A container may run as a user that its system does not know by name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

const listCommand = () =>
  new Command('list')
    .description('the newest entries of a merchant, or of the system')
    .argument('[merchant]', 'the merchant id; the system when absent')
    .option('-t, --token <id>', 'those of one token')
    .option('-n, --limit <count>', 'at most so many', count, 20)
    .option('--before <sequence>', 'go on where a list ended', count)
    .option('--json', 'one JSON object a line')
    .action((merchantId = '', options: ListOptions) =>
      withGround(configFrom(), (ground) => list(ground, merchantId, options)),
    );

interface ListOptions {
  readonly token?: string;
  readonly limit: number;
  readonly before?: number;
  readonly json?: true;
}

async function list(ground: Ground, merchantId: string, { token, limit, before, json }: ListOptions): Promise<void> {
  // Reading is written down, and would begin the chain of a merchant that there never was.
  if (merchantId !== '') await knownMerchant(ground, merchantId);
  await recordAccess(ground, { merchantId, actor: operator(), act: 'log.read', purpose: 'list', tokenId: token });
  const entries = await listAccesses(ground, { merchantId, tokenId: token, before, limit });
  if (json) {
    for (const entry of entries) process.stdout.write(`${JSON.stringify(entry)}\n`);
    return;
  }
  printTable(
    ['no.', 'at', 'who', 'did', 'why', 'token', 'for', 'reference'],
    entries.map((entry) => [
      String(entry.sequence),
      entry.at,
      entry.actor,
      entry.act,
      entry.purpose ?? '',
      entry.tokenId ?? '',
      entry.subject ?? '',
      entry.reference ?? '',
    ]),
  );
}

const verifyCommand = () =>
  new Command('verify')
    .description('walk every chain and name the first entry that was edited, deleted, inserted, moved or cut off')
    .option('-a, --anchors <file...>', 'files with printed anchors, such as the log of a gateway', [])
    .addHelpText('after', '\nIt exits with 1 when a chain is not whole.')
    .action(({ anchors }: { anchors: string[] }) =>
      withSigner(async (ground, signer) => {
        const printed = (await Promise.all(anchors.map(anchorsInFile))).flat();
        await recordAccess(ground, { merchantId: '', actor: operator(), act: 'log.read', purpose: 'verify' });
        const reports = await verifyAccessLog(ground, signer, printed);
        printTable(['chain', 'entries', 'anchors', 'state'], reports.map(rowOf));
        if (reports.some(({ fault }) => fault !== undefined)) process.exitCode = 1;
      }),
    );

/** A file without any is the wrong file, and proves nothing. */
async function anchorsInFile(path: string): Promise<Anchor[]> {
  const text = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new Error(`${path}, named with --anchors, cannot be read (${code})`);
  });
  const found = anchorsIn(text);
  if (found.length === 0) {
    throw new Error(`${path} holds no anchor; name the lines that \`waffo audit anchor\` or a gateway's log printed`);
  }
  return found;
}

const rowOf = ({ merchantId, entries, anchors, fault }: ChainReport): string[] => [
  merchantId || 'system',
  String(entries),
  String(anchors),
  fault?.text ?? 'whole',
];

const anchorCommand = () =>
  new Command('anchor')
    .description('sign the end of every chain and print it; keep the lines where nobody with the database can reach')
    .action(() =>
      withSigner(async (ground, signer) => {
        for (const anchor of await anchorChains(ground, signer)) process.stdout.write(`${printedAnchor(anchor)}\n`);
      }),
    );

const withSigner = (work: (ground: Ground, signer: AnchorSigner) => Promise<void>) =>
  withGround(configFrom(), async (ground) => work(ground, systemSigner(await openPlatformKeys(ground))));

function count(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Say a whole number above zero.');
  return Number(text);
}
