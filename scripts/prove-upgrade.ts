/**
 * `npm run prove:upgrade [-- <commit>]`: an older version and this one side by side on one PostgreSQL, while cards are bound, paid
 * with, refunded and removed. The older one is the commit before the newest migration, unless another is named; it is checked
 * out and installed in a folder of its own. Fails when a call was refused, anything was lost, done twice or not told.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rehearseUpgrade } from '../test/kit/upgrade.ts';

const phaseMs = 10_000;
const git = (...words: string[]): string => execFileSync('git', words, { encoding: 'utf8' }).trim();
const say = (line: string) => process.stdout.write(`${line}\n`);

/** It imports a file that was committed after it, and cannot start; the one before has the same schema. */
const incomplete = 'eba43cc3f875a9b81ae3c27567d6f432b9120869';
const migrations = 'packages/gateway/src/storage/migrations';
const newest = git('log', '-1', '--diff-filter=A', '--format=%H', '--', migrations);
const before = git('rev-parse', '--verify', `${newest}^`);
const commit = git(
  'rev-parse',
  '--verify',
  `${process.argv[2] ?? (before === incomplete ? `${before}^` : before)}^{commit}`,
);
const olderRoot = join(mkdtempSync(join(tmpdir(), 'waffo-older-')), 'checkout');

try {
  git('worktree', 'add', '--detach', olderRoot, commit);
  say(`older: ${git('log', '-1', '--format=%h %s', commit)}; its packages are being installed`);
  execFileSync('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: olderRoot, stdio: 'ignore' });
  const { migrated, sideBySide, effects, repeated, lost, wrong } = await rehearseUpgrade({ olderRoot, phaseMs, say });
  say(migrated);
  say(`side by side the older version took ${sideBySide.older} orders and this one ${sideBySide.newer}`);
  say(`${effects} effects were acknowledged; ${repeated} calls were not answered at the first time`);
  say(`${lost.length} lost, ${wrong.length} refused, done twice, not told or otherwise wrong`);
  for (const line of [...lost, ...wrong].slice(0, 20)) say(`  ${line}`);
  const isProof = sideBySide.older > 0 && sideBySide.newer > 0 && repeated + lost.length + wrong.length === 0;
  if (!isProof) process.exitCode = 1;
} finally {
  git('worktree', 'remove', '--force', olderRoot);
  rmSync(join(olderRoot, '..'), { recursive: true, force: true });
}
