/**
 * Who uses an embedded database. The gateway holds an advisory lock on a connection of its own: it ends with the
 * process, however that ends, so a lock is never stale.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const lockKey = 4_010_002;
const ownerPrefix = 'waffo gateway ';

const connect = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, application_name: `${ownerPrefix}${process.pid}` });
  client.on('error', () => {});
  await client.connect();
  return client;
};

async function tryLock(client: pg.Client, dataFolder: string): Promise<void> {
  const { rows } = await client.query(`select pg_try_advisory_lock(${lockKey}) as held`);
  if (rows[0]?.held === true) return;
  const owner = await client.query(
    `select a.application_name from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.objid = ${lockKey} and l.granted`,
  );
  const pid = String(owner.rows[0]?.application_name ?? '').replace(ownerPrefix, '') || 'unknown';
  throw new Error(
    `another gateway (pid ${pid}) uses ${dataFolder}; stop it, choose another WAFFO_HOME, or give both one WAFFO_DATABASE_URL`,
  );
}

export const holdFolder = {
  /** @throws Error when a server is running there and a gateway holds it */
  async refuseIfHeld(url: string, dataFolder: string): Promise<void> {
    const client = await connect(url).catch(() => undefined);
    if (client === undefined) return;
    try {
      await tryLock(client, dataFolder);
    } finally {
      await client.end();
    }
  },

  /**
   * Holds the folder until released; takes the lock again when the server was started again.
   *
   * @throws Error when another gateway was faster
   */
  async hold(url: string, dataFolder: string): Promise<() => Promise<void>> {
    let released = false;
    let client = await connect(url);
    await tryLock(client, dataFolder);
    const regain = async (): Promise<void> => {
      while (!released) {
        await sleep(200, undefined, { ref: false });
        try {
          client = await connect(url);
          await tryLock(client, dataFolder);
          client.once('end', () => void regain());
          return;
        } catch {
          // The server is still on its way up; the next round tries again.
        }
      }
    };
    client.once('end', () => void regain());
    return async () => {
      released = true;
      await client.end().catch(() => {});
    };
  },
};
