import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { type Database, statement } from './database.ts';
import { CommitUnknown, DatabaseUnavailable } from './failures.ts';
import { openDatabase } from './postgres.ts';

/** As PostgreSQL sends it when a commit that waits for its standby is cancelled; in the language of its administrator. */
function warning(routine: string): Buffer {
  const fields = { S: 'WARNUNG', V: 'WARNING', C: '01000', M: 'Warten abgebrochen', R: routine };
  const text = Buffer.from(
    `${Object.entries(fields)
      .map(([name, value]) => `${name}${value}\0`)
      .join('')}\0`,
  );
  const length = Buffer.alloc(4);
  length.writeInt32BE(text.length + 4);
  return Buffer.concat([Buffer.from('N'), length, text]);
}

/** A road to the database on which the answer to whatever holds a word comes with a warning before it. */
async function warningRoad(url: string, word: string, routine: string): Promise<string> {
  const target = new URL(url);
  const host = target.searchParams.get('host') ?? target.hostname;
  const port = Number(target.port || 5432);
  const server = createServer((near) => {
    const far = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    let warns = false;
    near.on('data', (chunk) => {
      warns ||= chunk.includes(word);
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (warns) near.write(warning(routine));
      warns = false;
      near.write(chunk);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  target.searchParams.delete('host');
  target.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return target.href;
}

const create = statement('test/create', 'create table if not exists kept (n integer primary key)');
const insert = statement('test/insert', 'insert into kept values ($1)');
const syncRep = 'SyncRepWaitForLSN';

const inTransaction = (database: Database) => database.transaction((tx) => tx.rows(insert, [1]));
const alone = (database: Database) => database.rows(insert, [1]);
const atOnce = (database: Database) => database.atOnce((tx) => tx.rows(insert, [1]));

test.each([
  ['commit is not a commit', 'database/commit', syncRep, inTransaction, CommitUnknown],
  ['transaction that is asked at once is not committed', 'insert into', syncRep, atOnce, CommitUnknown],
  ['statement of its own is not done', 'insert into', syncRep, alone, DatabaseUnavailable],
  ['warning of another kind changes nothing', 'database/commit', 'exec_stmt_raise', inTransaction, undefined],
])('without the standby that it waited for, a %s', async (_, word, routine, write, failure) => {
  const database = await freshDatabase({ empty: true });
  await database.rows(create);
  const through = await openDatabase({ url: await warningRoad(database.url, word, routine), poolSize: 1 });
  onTestFinished(() => through.close());
  if (failure === undefined) await write(through);
  else await expect(write(through)).rejects.toThrow(failure);
  await through.rows(statement('test/after', 'select 1'));
});
