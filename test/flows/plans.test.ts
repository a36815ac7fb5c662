/** What every flow is held to at its end, held to what it must find. */
import { expect, test } from 'vitest';
import { freshDatabase } from '../kit/database.ts';
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
