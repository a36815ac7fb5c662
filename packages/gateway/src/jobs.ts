/** Door 3: what happens by itself. One line each; the kind is the file's path. */
import { forMerchant, type Gateway } from './gateway.ts';
import type { Job, JobTable } from './job/runner.ts';
import { findMerchant } from './merchant/find.ts';
import { systemSigner } from './merchant/system-signer.ts';
import { completeCapture } from './order/complete-capture.ts';
import { expireOrder } from './order/expire.ts';
import { settleOrder } from './order/settle.ts';
import { takers } from './pages.ts';
import { resolveUnknown, type Settlers } from './payment/resolve-unknown.ts';
import { settleRefund } from './refund/settle.ts';
import { expireOffer } from './subscription/free-offer.ts';
import { renew } from './subscription/renew.ts';
import { dropHeldCvv, expire as expireAuthentication } from './threeds/expire.ts';
import { expireCards } from './tokenization/expire-cards.ts';
import { expireSession } from './tokenization/expire-session.ts';
import { settleBinding } from './tokenization/finish.ts';
import { refreshCardOf } from './tokenization/refresh-card.ts';
import { anchorDaily } from './vault/access-anchor.ts';
import { deliver } from './webhook/deliver.ts';
import { forget } from './webhook/forget.ts';

/** Who carries an outcome on that was found out later. */
const settlers: Settlers = {
  tokenization: (gateway, tx, { merchantId, subject }, outcome) =>
    settleBinding(gateway, tx, merchantId, subject.id, outcome),
  order: settleOrder,
  refund: settleRefund,
};

/** Each job is done with a database that shows its merchant's rows alone, at its merchant's time; the system's own jobs see all. */
export const jobsOf = (gateway: Gateway): readonly JobTable[] =>
  rowsOf(gateway).map((group, index) =>
    Object.fromEntries(
      Object.keys(group).map((kind) => [
        kind,
        { run: async (job) => (await rowOf(gateway, index, kind, job)).run(job) },
      ]),
    ),
  );

const rowOf = async (gateway: Gateway, index: number, kind: string, { merchantId }: Job): Promise<Row> => {
  const row = rowsOf(merchantId === '' ? gateway : await forMerchant(gateway, merchantId))[index]?.[kind];
  if (row === undefined) throw new Error(`nobody can run a job of kind ${kind}`);
  return row;
};

type Row = JobTable[string];

/** What comes back for ever, whatever merchants do. */
export const standingJobs: readonly string[] = ['vault/access-anchor', 'webhook/forget'];

/**
 * Two groups, each with places of its own: what waits for acquirers and ourselves, and what waits for merchants' servers.
 * A receiver that hangs never holds up money.
 */
const rowsOf = (gateway: Gateway): readonly JobTable[] => [
  {
    'order/complete-capture': { run: (job) => completeCapture(gateway, job) },
    'order/expire': { run: (job) => expireOrder(gateway, job) },
    'payment/resolve-unknown': { run: (job) => resolveUnknown(gateway, settlers, job) },
    'subscription/expire-offer': { run: (job) => expireOffer(gateway, job) },
    'subscription/renew': { run: (job) => renew(gateway, job) },
    'threeds/drop-cvv': { run: (job) => dropHeldCvv(gateway, job) },
    'threeds/expire': { run: (job) => expireAuthentication(gateway, takers, job) },
    'tokenization/expire-cards': { run: (job) => expireCards(gateway, job) },
    'tokenization/expire-session': { run: (job) => expireSession(gateway, job) },
    'tokenization/refresh-card': { run: (job) => refreshCardOf(gateway, job) },
    'vault/access-anchor': { run: () => anchorDaily(gateway, systemSigner(gateway.platformKeys)) },
    'webhook/forget': { run: () => forget(gateway) },
  },
  {
    'webhook/deliver': { run: (job) => deliver({ merchantOf: (id) => findMerchant(gateway, id), ...gateway }, job) },
  },
];
