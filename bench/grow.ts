/** Fills the tables: copies of one token and of one order with its charge, under ids of their own, as many as it takes. */
import { type Database, statement } from '../packages/gateway/src/storage/database.ts';

/** What differs between copies; all else is as in the first row. */
const copied: Readonly<Record<string, string>> = {
  token: `'{"token_id": "' || md5('t' || n) || '", "token_request_id": "g' || n || '", "merchant_user_id": "gu' || n || '", "sequence": ' || n + 1000000 || '}'`,
  payment_order: `'{"acquiring_order_id": "' || md5('o' || n) || '", "payment_request_id": "gp' || n || '"}'`,
  payment_attempt: `'{"attempt_id": "' || md5('a' || n)::uuid || '", "subject_id": "' || md5('o' || n) || '"}'`,
};

/** Rows that each table gets at a time: a statement is given fifteen seconds. */
const batch = 20_000;

/**
 * @param from - how many copies there are
 * @param to - how many there will be
 */
export async function grow(database: Database, from: number, to: number): Promise<void> {
  for (const [table, change] of Object.entries(copied)) {
    const columns = await database.rows<{ list: string }>({
      name: `bench/columns-${table}`,
      text: `select string_agg(quote_ident(column_name), ', ' order by ordinal_position) as list
             from information_schema.columns where table_name = '${table}' and is_generated = 'NEVER'`,
    });
    const list = columns[0]?.list ?? '';
    const copy = statement(
      `bench/grow-${table}`,
      `insert into ${table} (${list}) overriding system value
       select ${list
         .split(', ')
         .map((name) => `(r).${name}`)
         .join(', ')}
       from (select jsonb_populate_record(null::${table}, to_jsonb(first) || (${change})::jsonb) as r
             from (select * from ${table} limit 1) as first, generate_series($1::bigint, $2::bigint) as n) as copies`,
    );
    for (let at = from; at < to; at += batch) await database.rows(copy, [at + 1, Math.min(to, at + batch)]);
  }
  for (const table of Object.keys(copied)) {
    await database.rows({ name: `bench/analyze-${table}`, text: `analyze ${table}` });
  }
}
