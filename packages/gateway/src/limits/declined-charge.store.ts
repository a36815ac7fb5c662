/** SQL of declined charges without a holder. */
import { type Sql, statement, type Tx } from '../storage/database.ts';

const lock = statement(
  'declined-charge/lock',
  `select pg_advisory_xact_lock(hashtextextended('declined-charge/' || encode(mark, 'hex'), 0))
   from unnest($1::bytea[]) with ordinality as marks (mark, place) order by place`,
);

const list = statement<{ declined_at: Date }>(
  'declined-charge/list',
  `select declined_at from declined_charge where mark = any ($1) and declined_at > $2 and declined_at <= $3 and reference <> $4
   order by declined_at desc limit $5`,
);

const add = statement(
  'declined-charge/add',
  'insert into declined_charge (reference, mark, declined_at) values ($1, $2, $3) on conflict (reference) do nothing',
);

const drop = statement('declined-charge/drop', 'delete from declined_charge where reference = $1');

const forget = statement('declined-charge/forget', 'delete from declined_charge where declined_at <= $1');

/**
 * One charge of a card at a time is counted, until the transaction ends.
 *
 * @param marks - the older one first: where the key of marks changes, one process may already use the next one
 */
export async function lockMarks(tx: Tx, marks: readonly Buffer[]): Promise<void> {
  await tx.rows(lock, [marks]);
}

/** When it was declined, latest first. */
export const listDeclines = async (
  sql: Sql,
  asked: {
    readonly marks: readonly Buffer[];
    readonly since: Date;
    readonly until: Date;
    readonly not: string;
    readonly most: number;
  },
): Promise<Date[]> => {
  const rows = await sql.rows(list, [asked.marks, asked.since, asked.until, asked.not, asked.most]);
  return rows.map((row) => row.declined_at);
};

/** Counts a charge. */
export async function addDecline(
  tx: Tx,
  { reference, mark, now }: { readonly reference: string; readonly mark: Buffer; readonly now: Date },
): Promise<void> {
  await tx.rows(add, [reference, mark, now]);
}

export async function dropDecline(sql: Sql, reference: string): Promise<void> {
  await sql.rows(drop, [reference]);
}

/** Drops what counts no more, of all cards. */
export async function forgetDeclines(sql: Sql, before: Date): Promise<void> {
  await sql.rows(forget, [before]);
}
