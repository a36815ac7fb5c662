/**
 * Fills the tables with what bindings and orders leave behind: copies of rows that the gateway wrote itself, under ids of the
 * kind that it gives. They are of many users, and half of them of other merchants; some tokens were removed, some orders
 * declined. A million of each takes two to four minutes on two cores, most of them for indexes and foreign keys.
 */
import pg from 'pg';

/** How the copies of a table are made; SQL, in which `n` is the copy's number and `first` the row that is copied. */
interface Copied {
  readonly table: string;
  readonly like: string;
  /** What differs between copies; all else is as in the first row. */
  readonly differs: Readonly<Record<string, string>>;
  /** Which numbers have a copy; all when absent. */
  readonly where?: string;
}

/** They have half of all rows; the other half is of the merchant whose calls are measured. */
const otherMerchants = 50;
const otherMerchant = (number: string): string => `'M_GROWN_' || ${number}`;
const owner = `case when n % 2 = 0 then first.merchant_id else ${otherMerchant(`n / 2 % ${otherMerchants}`)} end`;

const hash = (letter: string): string => `md5('${letter}' || n)`;
/** Ordered by time, as the gateway's row ids are. */
const rowId = (letter: string): string =>
  `(lpad(to_hex(n), 12, '0') || '7000' || '8000' || left(${hash(letter)}, 12))::uuid`;
const tokenId = `'tok_' || left(${hash('t')}, 22)`;
const orderId = `'A' || to_char(timestamp '2026-01-01' + n * interval '1 second', 'YYYYMMDDHH24MISS') || left(${hash('o')}, 15)`;

/** Odd numbers, so that each merchant has some. */
const isRemoved = 'n % 21 = 0';
const isDeclined = 'n % 11 = 0';
const unless = (condition: string, otherwise: string, value = 'null'): string =>
  `case when ${condition} then ${value} else ${otherwise} end`;

const copied: readonly Copied[] = [
  {
    table: 'vault_card',
    like: 'true',
    differs: { card_id: rowId('c'), fingerprint: `sha256(${hash('c')}::bytea)` },
    where: `not ${isRemoved}`,
  },
  {
    table: 'token',
    like: 'card_id is not null',
    differs: {
      token_id: tokenId,
      token_request_id: `'g' || n`,
      merchant_user_id: `'gu' || n / 3`,
      status: `case when ${isRemoved} then 'REMOVED' when n % 5 = 0 then 'UNVERIFIED' else 'VERIFIED' end`,
      card_id: unless(isRemoved, rowId('c')),
      card_summary: unless(isRemoved, 'first.card_summary'),
    },
  },
  {
    table: 'payment_order',
    like: `status = 'PAY_SUCCESS'`,
    differs: {
      acquiring_order_id: orderId,
      payment_request_id: `'gp' || n`,
      merchant_order_id: `'gm' || n`,
      token_id: tokenId,
      status: unless(isDeclined, 'first.status', `'ORDER_CLOSE'`),
      captured_minor: unless(isDeclined, 'first.captured_minor', '0'),
      failure: unless(`not ${isDeclined}`, `'{"code": "C0005", "description": "Insufficient funds"}'::jsonb`),
    },
  },
  {
    table: 'payment_attempt',
    like: `subject_kind = 'order' and status = 'APPROVED'`,
    differs: {
      attempt_id: rowId('a'),
      subject_id: orderId,
      status: unless(isDeclined, 'first.status', `'DECLINED'`),
      decline_reason: unless(`not ${isDeclined}`, `'INSUFFICIENT_FUNDS'`),
      acquirer_reference: unless(isDeclined, `left(${hash('r')}, 15)`),
      network_transaction_id: unless(isDeclined, `left(${hash('x')}, 15)`),
    },
  },
  {
    table: 'ledger_entry',
    like: 'true',
    differs: { attempt_id: rowId('a'), payment_id: rowId('a') },
    where: `not ${isDeclined}`,
  },
  {
    table: 'outbox',
    like: `event_type = 'PAYMENT_NOTIFICATION'`,
    differs: { event_id: rowId('e'), object_id: orderId, status: `'DELIVERED'`, signature: `repeat('A', 344)` },
  },
];

/** Rows that each table gets at a time. */
const batch = 50_000;

/**
 * @param url - of the database
 * @param merchantId - whose rows are copied
 * @param count - how many copies there will be
 */
export async function grow(url: string, merchantId: string, count: number): Promise<void> {
  await connected(url, (client) => addMerchants(client, merchantId));
  await Promise.all(copied.map((one) => connected(url, (client) => fill(client, one, merchantId, count))));
}

/** Connections of our own: the gateway's end a statement that takes as long as these do. */
async function connected(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`select set_config('waffo.merchant_id', '*', false)`);
    await work(client);
  } finally {
    await client.end();
  }
}

async function fill(
  client: pg.Client,
  { table, like, differs, where = 'true' }: Copied,
  merchantId: string,
  count: number,
): Promise<void> {
  const first = `select * from ${table} where ${like} and merchant_id = $3 limit 1`;
  const insert = `${await copying(client, table, first, { ...differs, merchant_id: owner })} where ${where}`;
  for (let at = 0; at < count; at += batch) {
    const { rowCount } = await client.query(insert, [at + 1, Math.min(count, at + batch), merchantId]);
    if (rowCount === 0) throw new Error(`there is no ${table} to copy`);
  }
  // As the server does by itself after a while: rows are marked as seen by all, and counted.
  await client.query(`vacuum (analyze) ${table}`);
}

/** With the keys that their cards name. */
async function addMerchants(client: pg.Client, merchantId: string): Promise<void> {
  for (const table of ['merchant', 'vault_data_key']) {
    const all = `select * from ${table} where merchant_id = $3`;
    const insert = await copying(client, table, all, { merchant_id: otherMerchant('n') });
    await client.query(insert, [0, otherMerchants - 1, merchantId]);
  }
}

/** @returns an `insert` of copies of some rows, with the numbers $1 to $2 */
async function copying(client: pg.Client, table: string, rows: string, differs: Copied['differs']): Promise<string> {
  const columns = await client.query<{ name: string }>(
    `select quote_ident(column_name) as name from information_schema.columns
     where table_name = '${table}' and is_generated = 'NEVER' and is_identity = 'NO' order by ordinal_position`,
  );
  const names = columns.rows.map(({ name }) => name);
  const values = names.map((name) => differs[name] ?? `first.${name}`);
  return `insert into ${table} (${names.join(', ')}) select ${values.join(', ')}
    from (${rows}) as first, generate_series($1::bigint, $2::bigint) as n`;
}
