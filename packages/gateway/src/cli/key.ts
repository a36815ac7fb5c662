/** `waffo key`: which keys there are, newer ones in their place while gateways run, the proof that all opens, the end of old ones. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { sealedCheckouts } from '../checkout/open.ts';
import { configFrom } from '../config.ts';
import { type Ground, withGround } from '../ground.ts';
import { sealedPlatformKeys } from '../merchant/platform-keys.ts';
import { sealedSessions } from '../tokenization/sealed-sessions.ts';
import { recordAccess } from '../vault/access-log.ts';
import { cards, fingerprints } from '../vault/card-places.ts';
import { sealedImportKeys } from '../vault/import-key.ts';
import { addToKeyFile } from '../vault/kek-file.ts';
import { type KeyInventory, listKeys } from '../vault/key-inventory.ts';
import { type KeyPurpose, keyPurposes } from '../vault/keyring.ts';
import { graceMs, type Retirement, retireKeys } from '../vault/retire.ts';
import { type RotationOptions, type RotationResult, rotateDataKeys, type VaultDeps } from '../vault/rotate.ts';
import { rotateKek } from '../vault/rotate-kek.ts';
import type { SealedPlace } from '../vault/sealed-place.ts';
import { type PlaceReport, verifyVault } from '../vault/verify.ts';
import { operator } from './audit.ts';
import { type Progress, startProgress } from './progress.ts';

/** Everything that is sealed; what is not on this list cannot be rotated. */
const places: readonly SealedPlace[] = [
  cards,
  fingerprints,
  sealedPlatformKeys,
  sealedImportKeys,
  sealedSessions,
  sealedCheckouts,
];

const kinds = ['kek', ...keyPurposes, 'all'] as const;

const rate = () =>
  new Option('--rate <rows>', 'at most so many values a second; without it as fast as the database goes').argParser(
    (text) => {
      const rows = Number(text);
      if (!(rows > 0)) throw new InvalidArgumentError('It must be a number above 0.');
      return rows;
    },
  );

export const keyCommand = (): Command =>
  new Command('key')
    .description('keys of the vault: list, add, rotate, verify, retire')
    .addCommand(listCommand())
    .addCommand(addCommand())
    .addCommand(rotateCommand())
    .addCommand(verifyCommand())
    .addCommand(retireCommand());

const listCommand = () =>
  new Command('list')
    .description('show which keys there are and how much hangs on them')
    .action(() => withGround(configFrom(), async (ground) => print(listing(await listKeys(ground, places)))));

const addCommand = () =>
  new Command('add')
    .description('add a new key-encryption key to the key file; it wraps nothing before `waffo key rotate kek`')
    .option('--file <path>', 'only this file: a custodian adds one component')
    .action(({ file }: { file?: string }) => add(file));

const rotateCommand = () =>
  new Command('rotate')
    .description('replace keys while gateways run, and move what hangs on the old ones; goes on after an interruption')
    .addArgument(new Argument('<kind>', 'which keys').choices(kinds))
    .addOption(rate())
    .action((kind: (typeof kinds)[number], { rate: rowsPerSecond }: { rate?: number }) =>
      withKeys(`rotate ${kind}`, (ground) => rotate(ground, kind, rowsPerSecond)),
    );

const verifyCommand = () =>
  new Command('verify')
    .description('open every key and every sealed value, and say what does not open')
    .addOption(rate())
    .action(({ rate: rowsPerSecond }: { rate?: number }) =>
      withGround(configFrom(), (ground) => verify(ground, rowsPerSecond)),
    );

const retireCommand = () =>
  new Command('retire')
    .description('delete old keys on which nothing hangs any more')
    .option('--yes', 'delete; without it only say which')
    .action(({ yes = false }: { yes?: boolean }) =>
      yes
        ? withKeys('retire', async (ground) => print(retired(await retireKeys(ground, { keep: false }), yes)))
        : withGround(configFrom(), async (ground) => print(retired(await retireKeys(ground, { keep: true }), yes))),
    );

/** What changes keys is written down before it is done. */
const withKeys = (purpose: string, work: (ground: Ground) => Promise<void>) =>
  withGround(configFrom(), async (ground) => {
    await recordAccess(ground, { merchantId: '', actor: operator(), act: 'key.operation', purpose });
    await work(ground);
  });

async function add(file: string | undefined): Promise<void> {
  const { kek } = configFrom();
  if (kek.kind !== 'file') throw new Error('keys come from WAFFO_KEK; add one there, at its end');
  for (const path of file === undefined ? kek.paths : [file]) {
    print([`${path}: a new key is line ${await addToKeyFile(path)}`]);
  }
  print(['Keep a copy, bring the file to every gateway, then: waffo key rotate kek']);
}

async function rotate(deps: VaultDeps, kind: (typeof kinds)[number], rowsPerSecond: number | undefined): Promise<void> {
  const wanted = kind === 'all' ? await allThatIsLeft(deps) : [kind];
  for (const one of wanted) {
    const result = await withProgress(rowsPerSecond, (options) =>
      one === 'kek' ? rotateKek(deps, options) : rotateDataKeys(deps, one, places, options),
    );
    print(rotated(one, result));
    if (result.left > 0) process.exitCode = 1;
  }
}

/** Whoever was interrupted after the KEK has no new one in the file, and goes on with what hangs on data keys. */
async function allThatIsLeft(deps: VaultDeps): Promise<readonly (KeyPurpose | 'kek')[]> {
  const { keks, underWay } = await listKeys(deps, places);
  const isNew = keks.some(({ state }) => state === 'new');
  const isPastKek = underWay.length > 0 && underWay.every(({ purpose }) => purpose !== 'kek');
  return isPastKek && !isNew ? keyPurposes : ['kek', ...keyPurposes];
}

async function verify(deps: VaultDeps, rowsPerSecond: number | undefined): Promise<void> {
  const reports = await withProgress(rowsPerSecond, (options) => verifyVault(deps, places, options));
  print(reports.flatMap(verified));
  if (reports.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
}

/** One bar for each kind of value. */
async function withProgress<Result>(
  rowsPerSecond: number | undefined,
  work: (options: RotationOptions) => Promise<Result>,
): Promise<Result> {
  let shown: { key: string; progress: Progress } | undefined;
  try {
    return await work({
      rowsPerSecond,
      onProgress({ noun, done, total }) {
        const key = `${noun}/${total}`;
        if (shown?.key !== key) {
          shown?.progress.end();
          shown = { key, progress: startProgress({ noun, total }) };
        }
        shown.progress.update(done);
      },
    });
  } finally {
    shown?.progress.end();
  }
}

function listing({ keks, purposes, underWay }: KeyInventory): string[] {
  return [
    'KEK               state     since                 data keys',
    ...keks.map(
      ({ kekId, state, since, dataKeys, isHere }) =>
        `${kekId.padEnd(18)}${state.padEnd(10)}${moment(since).padEnd(22)}${dataKeys}${isHere ? '' : '   not in the key file'}`,
    ),
    '',
    'data keys    merchants   keys   values   on older keys   oldest                most sealed by one',
    ...purposes.map(({ purpose, merchants, keys, values, onOldKeys, oldest, mostSeals }) =>
      [
        purpose.padEnd(13),
        String(merchants).padEnd(12),
        String(keys).padEnd(7),
        String(values).padEnd(9),
        String(onOldKeys).padEnd(16),
        moment(oldest).padEnd(22),
        mostSeals,
      ].join(''),
    ),
    ...underWay.map(({ purpose, since }) => `\nunder way since ${moment(since)}: waffo key rotate ${purpose}`),
  ];
}

function rotated(kind: KeyPurpose | 'kek', { resumedFrom, moved, broken, waiting, left }: RotationResult): string[] {
  const begun = resumedFrom === undefined ? '' : `, going on with the rotation of ${moment(resumedFrom)}`;
  return [
    `${kind}: ${moved} moved to the newest key${begun}`,
    ...(waiting > 0 ? [`${kind}: ${waiting} end by themselves within a session's life`] : []),
    ...broken.map((record) => `${kind}: ${record} does not open; restore it from a backup`),
    ...(left > 0 ? [`${kind}: not finished, ${left} left on older keys; run it again`] : []),
  ];
}

const verified = ({ noun, opened, onOldKeys, broken }: PlaceReport): string[] => [
  `${noun}: ${opened} open, ${broken.length} do not, ${onOldKeys} on older keys`,
  ...broken.map((record) => `  ${record} does not open; restore it from a backup`),
];

function retired(keys: readonly Retirement[], isDone: boolean): string[] {
  if (keys.length === 0) return ['every key is the newest of its kind: nothing to retire'];
  const lines = keys.map((key) => {
    const name = `${key.purpose} key ${key.keyId}${key.merchantId === '' ? '' : ` of ${key.merchantId}`}`;
    if (key.verdict === 'young') return `${name}: stays; its successor is younger than ${graceMs / 1_000} s`;
    if (key.verdict === 'used') return `${name}: stays; something still hangs on it`;
    if (!isDone) return `${name}: nothing hangs on it`;
    return key.kind === 'KEK' ? `${name}: retired; ${ofKek}` : `${name}: deleted`;
  });
  const free = keys.filter(({ verdict }) => verdict === 'retired').length;
  return isDone || free === 0 ? lines : [...lines, `Delete ${free} with: waffo key retire --yes`];
}

const ofKek = 'take its line out of the key file when no backup needs it any more';

const moment = (at: Date | undefined): string => at?.toISOString().slice(0, 19).replace('T', ' ') ?? '';

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
