/** What the database has to do for what it is asked. Every flow is held to its plans at its end; here that is held to what it must find. */
import { expect, test } from 'vitest';
import { freshDatabase } from '../kit/database.ts';
import { orderOf, startTestGateway } from '../kit/gateway.ts';
import { askedOf, faultsOfPlans } from '../kit/plans.ts';

/** Statements that nobody has asked yet, by names of their own. */
const planted = {
  'planted/by-key': 'select currency from payment_order where merchant_id = $1 and acquiring_order_id = $2',
  'planted/newest': 'select event_id from outbox where merchant_id = $1 order by event_id desc limit 1',
  'planted/without-index': 'select count(*) from payment_order where currency = $1',
  'planted/along-an-index': 'select merchant_id from access_entry order by merchant_id',
  'planted/queue-by-join': 'delete from job using unnest($1::bigint[]) as done (job_id) where job.job_id = done.job_id',
};

test('a statement that reads orders, or a queue that was empty once, from end to end is found; one that asks by key is not', async () => {
  const database = await freshDatabase();
  for (const [name, text] of Object.entries(planted)) {
    const values = [...text.matchAll(/\$\d/g)].map(() => null);
    await database.rows({ name, text }, values);
  }
  const asked = (await askedOf([database])).filter(({ name }) => name.startsWith('planted/'));
  expect(asked.map(({ name }) => name).sort()).toEqual(Object.keys(planted).sort());
  expect((await faultsOfPlans(database, asked)).sort()).toEqual([
    'planted/along-an-index: Index Only Scan of access_entry',
    'planted/queue-by-join, made for empty tables: Index Scan of job',
    'planted/without-index: Seq Scan of payment_order',
  ]);
});

test('an order that ends is written beside what it was, and in no index again, though a hundred end at once', async () => {
  const gateway = await startTestGateway();
  try {
    const tokenId = await gateway.bind();
    const orders = Array.from({ length: 100 }, () => gateway.call('/order/create', orderOf(gateway, { tokenId })));
    expect(new Set((await Promise.all(orders)).map(({ code }) => code))).toEqual(new Set(['0']));
  } finally {
    await gateway.stop();
  }
  const changed = {
    name: 'test/changed',
    text: `select relname as table, n_tup_upd::integer as changes, n_tup_hot_upd::integer as beside
           from pg_stat_user_tables where relname in ('payment_order', 'payment_attempt') order by relname`,
  };
  const counts = () => gateway.database.rows<{ table: string; changes: number; beside: number }>(changed);
  // The server counts what a connection did when that ends, and a moment after we saw it end.
  const fewest = async () => Math.min(...(await counts()).map(({ changes }) => changes));
  await expect.poll(fewest, { timeout: 5_000 }).toBeGreaterThanOrEqual(100);
  const tables = await counts();
  expect(tables.map(({ table }) => table)).toEqual(['payment_attempt', 'payment_order']);
  for (const { table, changes, beside } of tables) expect(beside / changes, table).toBeGreaterThan(0.85);
});
