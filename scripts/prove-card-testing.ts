/**
 * `npm run prove:card-testing [-- <cards>]`: a card-testing attack with 200,000 cards among 40,000 shoppers, against the limits
 * and a database of its own, in virtual time. Fails when one in a hundred of the cards reached an issuer, or one in a
 * thousand of the shoppers was refused.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startProgress } from '../packages/gateway/src/cli/progress.ts';
import { VirtualClock } from '../packages/gateway/src/clock.ts';
import { watchCardTries } from '../packages/gateway/src/limits/card-tries.ts';
import { createLog } from '../packages/gateway/src/observe/log.ts';
import { startEmbedded } from '../packages/gateway/src/storage/embedded.ts';
import { migrate } from '../packages/gateway/src/storage/migrate.ts';
import { openDatabase } from '../packages/gateway/src/storage/postgres.ts';
import { heldKeks, kekOf } from '../packages/gateway/src/vault/kek.ts';
import { openKeyring } from '../packages/gateway/src/vault/keyring.ts';
import { runAttack } from '../test/kit/card-testing.ts';
import { throwawayFolder } from '../test/kit/throwaway-folder.ts';

const attempts = Number(process.argv[2] ?? 200_000);
const clock = new VirtualClock(new Date('2026-11-23T12:00:00.000Z'));
const log = createLog({ level: 'error', write: (line) => process.stderr.write(line) });
const folder = await throwawayFolder('waffo-card-testing-');
const server = await startEmbedded({ dataFolder: join(folder.path, 'database') });
const database = await openDatabase({ url: server.url });
try {
  await migrate(database, { clock });
  const kek = heldKeks('the key of this run', async () => [kekOf(randomBytes(32))]);
  const keyring = await openKeyring({ database, kek, clock });
  const progress = startProgress({ noun: 'cards', total: attempts });
  const tries = watchCardTries({ database, keyring, clock, log, holdOnAlarm: false });
  const toll = await runAttack({ tries, clock }, attempts, progress.update);
  progress.end();
  const { reached, shoppers, refused } = toll;
  process.stdout.write(
    `${reached} of ${attempts} cards reached an issuer; ${refused} of ${shoppers} shoppers were refused\n`,
  );
  if (reached === 0 || reached > attempts / 100 || refused > shoppers / 1_000) process.exitCode = 1;
} finally {
  await database.close();
  await server.stop();
  await folder.remove();
}
