/**
 * Looks for everything that merchants, and their receivers, were told while databases came and went; and for anything that was
 * done twice: in the gateway's books, in those of the sandbox's acquirer, and in those of a host that lives outside the database.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from '../../packages/gateway/src/connector/iso8583/codec.ts';
import type { Database } from '../../packages/gateway/src/storage/database.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import type { ChildGateway } from './child-gateway.ts';
import type { Acknowledged } from './failover-load.ts';
import type { IsoHost } from './iso-host.ts';
import { faultsOfLedger } from './ledger.ts';
import { hurry } from './patience.ts';
import type { Receiver } from './receiver.ts';

/** An attempt whose outcome is unknown is asked for after a minute, and the lease of a job that was lost ends then. */
const settlesWithinMs = 240_000;

/** A database for the judge, who reads whole tables, unlike the gateway. */
export async function openForJudge(url: string): Promise<Database> {
  const database = await openDatabase({ url, poolSize: 1 });
  for (const how of ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin'])
    await database.rows({ name: `test/${how}`, text: `set ${how} = on` });
  return database;
}

const stillOpen = {
  name: 'test/open',
  text: `select 'attempt ' || attempt_id as what from payment_attempt where status in ('SENDING', 'UNKNOWN')
    union all select 'notification ' || event_id from outbox where status = 'PENDING'
    union all select 'refund ' || refund_request_id from payment_refund where status = 'REFUND_IN_PROGRESS'`,
};

const openIn = async (database: Database): Promise<string[]> =>
  (await database.rows<{ what: string }>(stillOpen)).map(({ what }) => `${what} is open`);

/** Waits for what was under way. @returns what does not come to an end */
export async function settle(database: Database): Promise<string[]> {
  for (const until = Date.now() + settlesWithinMs; Date.now() < until; await sleep(500)) {
    if ((await openIn(database)).length === 0) return [];
  }
  return openIn(database);
}

/**
 * The same in a hurry: the gateways end, and time passes at once for another one.
 *
 * @param settings - of the gateways
 */
export async function settleAtOnce(
  database: Database,
  gateways: readonly ChildGateway[],
  settings: Readonly<Record<string, string>>,
): Promise<string[]> {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await hurry(settings);
  return openIn(database);
}

/** Final statuses stay; what was acknowledged as under way is there, and has an end by now. */
const isKept = (told: string, now: string | undefined): boolean =>
  now !== undefined && (now === told || told.endsWith('_IN_PROGRESS'));

/** @returns one line for each thing that was acknowledged and is not there, or not as it was acknowledged */
export async function lossesOf(
  database: Database,
  told: Acknowledged,
  received: Receiver['received'],
): Promise<string[]> {
  const statuses = async (table: string, id: string) => {
    const text = `select ${id} as id, status from ${table}`;
    const rows = await database.rows<{ id: string; status: string }>({ name: `test/statuses-${table}-${id}`, text });
    return new Map(rows.map((row) => [row.id, row.status]));
  };
  const [tokens, byToken, orders, refunds] = [
    await statuses('token', 'token_request_id'),
    await statuses('token', 'token_id'),
    await statuses('payment_order', 'payment_request_id'),
    await statuses('payment_refund', 'refund_request_id'),
  ];
  const lost = (noun: string, all: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>) =>
    [...all]
      .filter(([id, status]) => !isKept(status, now.get(id)))
      .map(([id, status]) => `${noun} ${id} was told ${status} and is ${now.get(id) ?? 'gone'}`);
  const notified = received.map(({ event }) => event.result);
  const ordersTold = notified.filter(
    ({ paymentRequestId, orderStatus }) =>
      orderStatus !== undefined && orderStatus !== told.orders.get(paymentRequestId),
  );
  return [
    ...[...told.tokens.keys()].filter((id) => !tokens.has(id)).map((id) => `token of ${id} is gone`),
    ...[...told.removed]
      .filter((id) => byToken.get(id) !== 'REMOVED')
      .map((id) => `token ${id} was removed and is back`),
    ...lost('order', told.orders, orders),
    ...lost('refund', told.refunds, refunds),
    ...lost('notified order', new Map(ordersTold.map((one) => [one.paymentRequestId, one.orderStatus])), orders),
  ];
}

/**
 * @param host - of an acquirer outside the database, if there is one
 * @returns one line for each thing that was done twice, not told, or is in some books only
 */
export async function faultsOf(database: Database, received: Receiver['received'], host?: IsoHost): Promise<string[]> {
  return [
    ...(await faultsOfLedger(database)),
    ...(await doneTwice(database)),
    ...(await untold(database, received)),
    ...(host === undefined ? [] : await faultsOfHost(database, host)),
  ];
}

async function doneTwice(database: Database): Promise<string[]> {
  const text = `select b.verb || ' of ' || a.subject_id as what
    from (select reference, verb from sandbox_transaction where outcome->>'kind' = 'approved'
          union all select reference, verb from iso8583_exchange where status = 'APPROVED') b
    join payment_attempt a on a.attempt_id::text = b.reference
    group by a.subject_id, b.verb having count(*) > 1`;
  const rows = await database.rows<{ what: string }>({ name: 'test/twice', text });
  return rows.map(({ what }) => `${what} was done twice`);
}

/** Every notification that was written has arrived. */
async function untold(database: Database, received: Receiver['received']): Promise<string[]> {
  const arrived = new Set(received.map(({ headers }) => String(headers['webhook-id'])));
  const text = 'select event_id::text as id from outbox';
  const rows = await database.rows<{ id: string }>({ name: 'test/outbox', text });
  return rows.filter(({ id }) => !arrived.has(id)).map(({ id }) => `notification ${id} never arrived`);
}

/** The host approves whatever it hears: what it has and has not reversed is what we know as approved, each once. */
async function faultsOfHost(database: Database, { received }: IsoHost): Promise<string[]> {
  const rows = await database.rows<{ trace: bigint; amount: bigint; approved: boolean }>({
    name: 'test/host-books',
    text: `select trace, amount_minor as amount, status = 'APPROVED' as approved from iso8583_exchange`,
  });
  const known = new Map(rows.map((row) => [Number(row.trace), row]));
  const reversed = new Set(
    received.filter(({ mti }) => mti === '0400').map((message) => Number((textOf(message, 90) ?? '').slice(4, 10))),
  );
  const moved = received.filter(({ mti }) => mti === '0200');
  const traces = moved.map((message) => Number(textOf(message, 11)));
  const twice = traces.filter((trace, at) => traces.indexOf(trace) !== at);
  const wrong = moved.filter((message) => {
    const trace = Number(textOf(message, 11));
    const ours = known.get(trace);
    if (ours === undefined) return true;
    return ours.approved ? Number(textOf(message, 4)) !== Number(ours.amount) : !reversed.has(trace);
  });
  return [
    ...twice.map((trace) => `the host was sent ${trace} twice`),
    ...wrong.map((message) => `the host has ${textOf(message, 11)} over ${textOf(message, 4)}, and we do not`),
  ];
}
