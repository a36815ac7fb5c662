/** SQL of the access log: entries, the ends of chains, and anchors. Entries are added and read, never changed or deleted. */
import { type Sql, statement, type Tx } from '../storage/database.ts';
import { expecting } from '../storage/expecting.ts';
import type { AccessEntry, Act } from './access-entry.ts';

interface EntryRow {
  merchant_id: string;
  sequence: bigint;
  at_micros: bigint;
  actor: string;
  act: string;
  purpose: string | null;
  card_id: string | null;
  token_id: string | null;
  subject: string | null;
  reference: string | null;
  data_key_id: string;
  mac: Buffer;
}

export interface ChainEnd {
  readonly sequence: bigint;
  readonly mac: Buffer;
}

export interface Anchor extends ChainEnd {
  readonly merchantId: string;
  readonly at: Date;
  /** Base64. */
  readonly signature: string;
}

const columns =
  'merchant_id, sequence, at, actor, act, purpose, card_id, token_id, subject, reference, data_key_id, mac';
const selected = columns.replace(' at,', ' (extract(epoch from at) * 1000000)::bigint as at_micros,');

const lockEnd = statement<ChainEnd>(
  'access-chain/lock',
  'select sequence, mac from access_chain where merchant_id = $1 for update',
);
/** Written over with itself when somebody was faster: that locks the row until the transaction ends, also when it is new. */
const beginChain = statement<ChainEnd>(
  'access-chain/begin',
  `insert into access_chain as c (merchant_id, sequence, mac) values ($1, 0, $2)
   on conflict (merchant_id) do update set sequence = c.sequence returning c.sequence, c.mac`,
);
const readEnd = statement<ChainEnd>(
  'access-chain/end',
  'select sequence, mac from access_chain where merchant_id = $1',
);
const entries = `access_entry (${columns})
   select $1, sequence, 'epoch'::timestamptz + micros * interval '1 microsecond', actor, act, purpose, card_id, token_id,
     subject, reference, $2, mac
   from unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::text[], $10::text[],
     $11::text[], $12::bytea[])
     as e (sequence, micros, actor, act, purpose, card_id, token_id, subject, reference, mac)`;
/** Writes entries and moves the end of the chain to the last of them. */
const insertAll = statement(
  'access-entry/insert',
  `with moved as (update access_chain set sequence = $13, mac = $14 where merchant_id = $1) insert into ${entries}`,
);
const insertAfter = statement(
  'access-entry/insert-after',
  `with added as (insert into ${entries}), moved as (
     update access_chain set sequence = $13, mac = $14 where merchant_id = $1 and sequence = $15 and mac = $16 returning 1
   )
   select ${expecting('count(*) = 1')} from moved`,
);
const page = statement<EntryRow>(
  'access-entry/page',
  `select ${selected} from access_entry where merchant_id = $1 and sequence > $2 order by sequence limit $3`,
);
const newest = statement<EntryRow>(
  'access-entry/newest',
  `select ${selected} from access_entry where merchant_id = $1 and sequence < $2 order by sequence desc limit $3`,
);
const newestOfToken = statement<EntryRow>(
  'access-entry/newest-of-token',
  `select ${selected} from access_entry where merchant_id = $1 and token_id = $4 and sequence < $2
   order by sequence desc limit $3`,
);
const ends = statement<{ merchant_id: string } & ChainEnd>(
  'access-chain/ends',
  'select merchant_id, sequence, mac from access_chain where sequence > 0 order by merchant_id',
);
// From one merchant to the next by the key: there are many more entries than merchants.
const chains = statement<{ merchant_id: string }>(
  'access-chain/all',
  `with recursive entered as (
     (select merchant_id from access_entry order by merchant_id limit 1)
     union all
     select (select e.merchant_id from access_entry e where e.merchant_id > entered.merchant_id
             order by e.merchant_id limit 1)
     from entered where entered.merchant_id is not null
   )
   select merchant_id from access_chain union select merchant_id from entered where merchant_id is not null
   order by merchant_id`,
);
const insertAnchorRow = statement(
  'access-anchor/insert',
  `insert into access_anchor (merchant_id, sequence, mac, at, signature) values ($1, $2, $3, $4, $5)
   on conflict (merchant_id, sequence) do nothing`,
);
const anchors = statement<{ merchant_id: string; sequence: bigint; mac: Buffer; at: Date; signature: string }>(
  'access-anchor/all',
  'select merchant_id, sequence, mac, at, signature from access_anchor order by merchant_id, sequence',
);

/** The end of a chain, which nobody else moves until the transaction ends. */
export async function lockChainEnd(tx: Tx, merchantId: string, start: Buffer): Promise<ChainEnd> {
  const [known] = await tx.rows(lockEnd, [merchantId]);
  const [end] = known === undefined ? await tx.rows(beginChain, [merchantId, start]) : [known];
  if (end === undefined) throw new Error('the end of an access chain could not be locked');
  return end;
}

export const findChainEnd = async (sql: Sql, merchantId: string): Promise<ChainEnd | undefined> =>
  (await sql.rows(readEnd, [merchantId]))[0];

/**
 * @param keyed.entries - of one merchant and one key, in order; the last becomes the end
 * @param after - what the end is taken for, when it is not locked; refused when it is another
 */
export async function insertEntries(
  tx: Tx,
  { merchantId, keyId, entries }: { merchantId: string; keyId: string; entries: readonly AccessEntry[] },
  after?: ChainEnd,
): Promise<void> {
  const column = <T>(of: (entry: AccessEntry) => T | undefined) => entries.map((entry) => of(entry) ?? null);
  const last = entries.at(-1);
  const values = [
    merchantId,
    keyId,
    column((entry) => entry.sequence),
    column((entry) => entry.atMicros),
    column((entry) => entry.actor),
    column((entry) => entry.act),
    column((entry) => entry.purpose),
    column((entry) => entry.cardId),
    column((entry) => entry.tokenId),
    column((entry) => entry.subject),
    column((entry) => entry.reference),
    column((entry) => entry.mac),
    last?.sequence,
    last?.mac,
  ];
  if (after === undefined) await tx.rows(insertAll, values);
  else await tx.rows(insertAfter, [...values, after.sequence, after.mac]);
}

/** Entries after a sequence, the oldest first. */
export const pageOfEntries = async (sql: Sql, merchantId: string, after: bigint, limit: number) =>
  (await sql.rows(page, [merchantId, after, limit])).map(entryFrom);

/** Entries before a sequence, the newest first; all of a chain, or of one token. */
export const newestEntries = async (
  sql: Sql,
  {
    merchantId,
    tokenId,
    before,
    limit,
  }: { merchantId: string; tokenId?: string | undefined; before: bigint; limit: number },
): Promise<AccessEntry[]> => {
  const rows =
    tokenId === undefined
      ? sql.rows(newest, [merchantId, before, limit])
      : sql.rows(newestOfToken, [merchantId, before, limit, tokenId]);
  return (await rows).map(entryFrom);
};

/** The ends of all chains that have an entry. */
export const listChainEnds = async (sql: Sql): Promise<(Pick<Anchor, 'merchantId'> & ChainEnd)[]> =>
  (await sql.rows(ends)).map(({ merchant_id, sequence, mac }) => ({ merchantId: merchant_id, sequence, mac }));

/** Merchants of which there is an entry or an end, also when somebody took the other. */
export const listChains = async (sql: Sql): Promise<string[]> =>
  (await sql.rows(chains)).map(({ merchant_id }) => merchant_id);

export async function insertAnchor(sql: Sql, anchor: Anchor): Promise<void> {
  const { merchantId, sequence, mac, at, signature } = anchor;
  await sql.rows(insertAnchorRow, [merchantId, sequence, mac, at, signature]);
}

export const listAnchors = async (sql: Sql): Promise<Anchor[]> =>
  (await sql.rows(anchors)).map(({ merchant_id, ...rest }) => ({ merchantId: merchant_id, ...rest }));

const entryFrom = (row: EntryRow): AccessEntry => ({
  merchantId: row.merchant_id,
  sequence: row.sequence,
  atMicros: row.at_micros,
  actor: row.actor,
  act: row.act as Act,
  purpose: row.purpose ?? undefined,
  cardId: row.card_id ?? undefined,
  tokenId: row.token_id ?? undefined,
  subject: row.subject ?? undefined,
  reference: row.reference ?? undefined,
  keyId: row.data_key_id,
  mac: row.mac,
});
