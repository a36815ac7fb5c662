/** SQL of what a merchant's contract covers and limits. Minor units travel as text, for JSON would round them. */
import { type Database, type Sql, statement, type Tx } from '../storage/database.ts';
import { groupedIn } from '../storage/grouped.ts';

export interface CurrencyRow {
  currency: string;
  transaction_limit_minor: string | null;
  daily_limit_minor: string | null;
}

export interface PayMethodRow {
  product_name: string;
  pay_method_type: string;
  pay_method_name: string;
  country: string;
  currency: string;
  amount_min_minor: string | null;
  amount_max_minor: string | null;
  available: boolean;
  refund_allowed: boolean;
}

const find = statement<{ merchant_id: string; currencies: CurrencyRow[]; methods: PayMethodRow[] }>(
  'contract/find',
  `select asked.merchant_id,
     array(select jsonb_build_object('currency', c.currency,
         'transaction_limit_minor', c.transaction_limit_minor::text, 'daily_limit_minor', c.daily_limit_minor::text)
       from merchant_currency c where c.merchant_id = asked.merchant_id order by c.currency) as currencies,
     array(select jsonb_build_object('product_name', p.product_name, 'pay_method_type', p.pay_method_type,
         'pay_method_name', p.pay_method_name, 'country', p.country, 'currency', p.currency,
         'amount_min_minor', p.amount_min_minor::text, 'amount_max_minor', p.amount_max_minor::text,
         'available', p.available, 'refund_allowed', p.refund_allowed)
       from merchant_pay_method p where p.merchant_id = asked.merchant_id
       order by p.product_name, p.pay_method_type, p.pay_method_name, p.country, p.currency) as methods
   from unnest($1::text[]) as asked (merchant_id)`,
);

const used = statement<{ currency: string; used_minor: bigint }>(
  'contract/used-today',
  'select currency, used_minor from merchant_day where merchant_id = $1 and day = $2',
);

const claim = statement<{ used_minor: bigint }>(
  'contract/claim-day',
  `insert into merchant_day (merchant_id, currency, day, used_minor)
   select $1, $2, $3, $4::bigint where $4::bigint <= $5::bigint
   on conflict (merchant_id, currency, day)
   do update set used_minor = merchant_day.used_minor + excluded.used_minor
     where merchant_day.used_minor + excluded.used_minor <= $5::bigint
   returning used_minor`,
);

const release = statement(
  'contract/release-day',
  `update merchant_day set used_minor = used_minor - $4
   where merchant_id = $1 and currency = $2 and day = $3`,
);

const setCurrency = statement(
  'contract/set-currency',
  `insert into merchant_currency (merchant_id, currency, transaction_limit_minor, daily_limit_minor)
   values ($1, $2, $3, $4)
   on conflict (merchant_id, currency) do update set
     transaction_limit_minor = excluded.transaction_limit_minor, daily_limit_minor = excluded.daily_limit_minor`,
);

const removeCurrency = statement(
  'contract/remove-currency',
  'delete from merchant_currency where merchant_id = $1 and currency = $2',
);

export async function setCurrencyRow(
  sql: Sql,
  row: {
    readonly merchantId: string;
    readonly currency: string;
    readonly transactionLimitMinor: bigint | undefined;
    readonly dailyLimitMinor: bigint | undefined;
  },
): Promise<void> {
  const { merchantId, currency, transactionLimitMinor, dailyLimitMinor } = row;
  await sql.rows(setCurrency, [merchantId, currency, transactionLimitMinor ?? null, dailyLimitMinor ?? null]);
}

export async function removeCurrencyRow(sql: Sql, merchantId: string, currency: string): Promise<void> {
  await sql.rows(removeCurrency, [merchantId, currency]);
}

const rowsOf = groupedIn(async (database, merchantIds) => {
  const rows = await database.rows(find, [merchantIds]);
  return (merchantId) => rows.find((row) => row.merchant_id === merchantId);
});

/** Look-ups that come together share a statement. */
export const findContractRows = async (database: Database, merchantId: string) =>
  (await rowsOf(database, merchantId)) ?? { currencies: [], methods: [] };

/** What was used of each currency's limit on a day. */
export async function usedOn(sql: Sql, merchantId: string, day: string): Promise<ReadonlyMap<string, bigint>> {
  return new Map((await sql.rows(used, [merchantId, day])).map((row) => [row.currency, row.used_minor]));
}

/** Counts an amount against a day; false when the limit does not allow it, and then nothing is counted. */
export const claimDay = async (
  tx: Tx,
  use: { merchantId: string; currency: string; day: string; amountMinor: bigint; limitMinor: bigint },
): Promise<boolean> =>
  (await tx.rows(claim, [use.merchantId, use.currency, use.day, use.amountMinor, use.limitMinor])).length === 1;

export async function releaseDay(
  tx: Tx,
  use: { merchantId: string; currency: string; day: string; amountMinor: bigint },
): Promise<void> {
  await tx.rows(release, [use.merchantId, use.currency, use.day, use.amountMinor]);
}
