/**
 * The ledger as a judge: after every run of every test, what was captured less what was refunded is the same in four
 * places: the orders, the refunds, the ledger and the acquirer's own books; and it is never below zero.
 */
import type { Database } from '../../packages/gateway/src/storage/database.ts';

interface Line {
  readonly problem: string;
}

/** What every acquirer's books say: the sandbox's, and ours of the ISO 8583 host. */
const books = `(select reference, verb, outcome->>'kind' as kind, amount_minor from sandbox_transaction
   union all
   select reference, verb, lower(status), amount_minor from iso8583_exchange)`;

const checks = [
  [
    'captured is not what the ledger says',
    `select o.acquiring_order_id || ': ' || o.captured_minor || ' ≠ ' || coalesce(l.captured, 0) as problem
     from payment_order o
     left join (select a.merchant_id, a.subject_id, sum(e.amount_minor) as captured
                from ledger_entry e join payment_attempt a using (merchant_id, attempt_id)
                where e.kind = 'CAPTURE' group by 1, 2) l
       on l.merchant_id = o.merchant_id and l.subject_id = o.acquiring_order_id
     where o.captured_minor <> coalesce(l.captured, 0)`,
  ],
  [
    'refunded is not what the ledger says',
    `select o.acquiring_order_id || ': ' || o.refunded_minor || ' ≠ ' || coalesce(l.refunded, 0) as problem
     from payment_order o
     left join (select r.merchant_id, r.acquiring_order_id, sum(e.amount_minor) as refunded
                from ledger_entry e
                join payment_attempt a using (merchant_id, attempt_id)
                join payment_refund r on r.merchant_id = a.merchant_id and r.acquiring_refund_order_id = a.subject_id
                where e.kind = 'REFUND' group by 1, 2) l using (merchant_id, acquiring_order_id)
     where o.refunded_minor <> coalesce(l.refunded, 0)`,
  ],
  [
    'refunds of an order do not add up',
    `select o.acquiring_order_id as problem from payment_order o
     left join (select merchant_id, acquiring_order_id,
         coalesce(sum(amount_minor) filter (where status in ('ORDER_PARTIALLY_REFUNDED', 'ORDER_FULLY_REFUNDED')), 0) as refunded,
         coalesce(sum(amount_minor) filter (where status = 'REFUND_IN_PROGRESS'), 0) as refunding
       from payment_refund group by 1, 2) r using (merchant_id, acquiring_order_id)
     where o.refunded_minor <> coalesce(r.refunded, 0) or o.refunding_minor <> coalesce(r.refunding, 0)`,
  ],
  [
    'more was refunded than captured',
    `select payment_id::text as problem from ledger_entry group by payment_id
     having sum(case kind when 'CAPTURE' then amount_minor else -amount_minor end) < 0`,
  ],
  [
    'the ledger and the acquirer disagree',
    `select e.attempt_id || ': ' || coalesce(s.kind, 'nothing') as problem
     from ledger_entry e left join ${books} s on s.reference = e.attempt_id::text
     where s.kind is distinct from 'approved' or s.amount_minor <> e.amount_minor`,
  ],
  [
    'the acquirer moved money that a final attempt does not know',
    `select s.reference as problem from ${books} s
     join payment_attempt a on a.attempt_id::text = s.reference
     left join ledger_entry e on e.attempt_id = a.attempt_id
     where s.verb in ('purchase', 'capture', 'refund') and s.kind = 'approved'
       and a.status in ('APPROVED', 'DECLINED') and e.attempt_id is null`,
  ],
  [
    'money was taken of an order that closed unpaid',
    `select acquiring_order_id as problem from payment_order where status = 'ORDER_CLOSE' and captured_minor > 0`,
  ],
] as const;

/** @returns one line for each thing that does not add up */
export async function faultsOfLedger(database: Database): Promise<string[]> {
  const found = [];
  for (const [what, text] of checks) {
    const rows = await database.rows<Line>({ name: `ledger-check/${what}`.slice(0, 60), text });
    found.push(...rows.map(({ problem }) => `${what}: ${problem}`));
  }
  return found;
}
