/** SQL of declined charges without a holder. */
import { type Sql, statement, type Tx } from '../storage/database.ts';

const lock = statement(
  'declined-charge/lock',
  `select pg_advisory_xact_lock(hashtextextended('declined-charge/' || encode($1::bytea, 'hex'), 0))`,
);

const list = statement<{ declined_at: Date }>(
  'declined-charge/list',
  `select declined_at from declined_charge where mark = any ($1) and declined_at > $2 and reference <> $3
   order by declined_at desc limit $4`,
);

const add = statement(
  'declined-charge/add',
  `with old as (delete from declined_charge where mark = any (array[$2, $3]::bytea[]) and declined_at <= $4)
   insert into declined_charge (reference, mark, declined_at) values ($1, $2, $5) on conflict (reference) do nothing`,
);

const drop = statement('declined-charge/drop', 'delete from declined_charge where reference = $1');

/** One charge of a card at a time is counted, until the transaction ends. */
export async function lockMark(tx: Tx, mark: Buffer): Promise<void> {
  await tx.rows(lock, [mark]);
}

/** When it was declined, latest first. */
export const listDeclines = async (
  sql: Sql,
  asked: { readonly marks: readonly Buffer[]; readonly since: Date; readonly not: string; readonly most: number },
): Promise<Date[]> =>
  (await sql.rows(list, [asked.marks, asked.since, asked.not, asked.most])).map((row) => row.declined_at);

/** Counts a charge, and forgets what counts no more. */
export async function addDecline(
  tx: Tx,
  added: {
    readonly reference: string;
    readonly mark: Buffer;
    readonly before: Buffer;
    readonly since: Date;
    readonly now: Date;
  },
): Promise<void> {
  await tx.rows(add, [added.reference, added.mark, added.before, added.since, added.now]);
}

export async function dropDecline(sql: Sql, reference: string): Promise<void> {
  await sql.rows(drop, [reference]);
}
