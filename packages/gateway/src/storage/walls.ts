/**
 * The wall between merchants inside PostgreSQL: row-level security on every table that has a `merchant_id`. It stands
 * behind the statements, which name the merchant themselves, and stops the one that forgets to. A connection shows the
 * rows of the merchant it was told, of all merchants when it was told so, and none when it was told nothing. It is no
 * wall against somebody who can write SQL of his own.
 */
import { type Database, type Sql, statement } from './database.ts';

/** The scope of what works for all merchants: the queue, the keys, the doors before a caller is known. */
export const allMerchants = '*';

export const setScope = statement('database/scope', `select set_config('waffo.merchant_id', $1, false)`);

const shown = `current_setting('waffo.merchant_id', true)`;

// The planner takes an `or` of two equations for one row in a hundred, and a `case` for one in two. With the first it believed that
// a merchant has next to no orders, and read them all to find one.
const apart = `case when ${shown} = '${allMerchants}' then true else merchant_id = ${shown} end`;

/** Tables of a merchant that stand open. A table that a later version adds is found here by itself. */
const openTables = `
  select c.relname from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'merchant_id' and not a.attisdropped
  where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
    and not (c.relrowsecurity and c.relforcerowsecurity
      and exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'merchants_apart'))`;

// Forced, for the gateway's role owns the tables.
const raise = statement(
  'walls/raise',
  `do $$
   declare open record;
   begin
     for open in ${openTables} loop
       execute format('alter table %I enable row level security', open.relname);
       execute format('alter table %I force row level security', open.relname);
       execute format('drop policy if exists merchants_apart on %I', open.relname);
       execute format($policy$create policy merchants_apart on %I using (${apart})$policy$, open.relname);
     end loop;
   end $$`,
);

const older = statement<{ name: string }>(
  'walls/older',
  `select quote_ident(c.relname) as name from pg_policy p join pg_class c on c.oid = p.polrelid
   where c.relnamespace = current_schema()::regnamespace and p.polname = 'merchants_apart'
     and pg_get_expr(p.polqual, p.polrelid) !~* '^\\s*case'
   order by c.relname`,
);

const climbs = statement<{ climbs: boolean }>(
  'walls/climbs',
  'select rolsuper or rolbypassrls as climbs from pg_roles where rolname = current_user',
);

/** Puts a policy on every merchant's table that has none. Part of bringing the schema up to date. */
export async function raiseWalls(sql: Sql): Promise<void> {
  await sql.rows(raise);
}

/**
 * Words the policies of earlier versions anew. One table at a time: gateways of the version before still run, and whoever holds
 * several tables at once may wait for one who waits for him.
 */
export async function rewordWalls(database: Database): Promise<void> {
  for (const { name } of await database.rows(older)) {
    await database.rows({
      name: `walls/reword ${name}`,
      text: `alter policy merchants_apart on ${name} using (${apart})`,
    });
  }
}

/** Whether our role passes through all walls, as superusers do: then only the first wall stands. */
export const passesWalls = async (sql: Sql): Promise<boolean> => (await sql.rows(climbs))[0]?.climbs ?? false;
