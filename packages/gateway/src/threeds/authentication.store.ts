/** SQL of authentications. Writes repeat the status they expect to replace. */
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { Authentication, AuthenticationStatus, AuthenticationSubject, Shown } from './authentication.ts';

interface AuthenticationRow {
  merchant_id: string;
  authentication_id: string;
  subject_kind: AuthenticationSubject['kind'];
  subject_id: string;
  status: AuthenticationStatus;
  three_ds_server_trans_id: string;
  acs_trans_id: string | null;
  ds_trans_id: string | null;
  trans_status: string | null;
  trans_status_reason: string | null;
  eci: string | null;
  authentication_value: string | null;
  challenge_cancel: string | null;
  currency: string;
  amount_minor: bigint;
  mandated: boolean;
  shown: Shown;
  return_url: string | null;
  holder_hash: Buffer;
  opened_at: Date | null;
  expires_at: Date;
  created_at: Date;
  updated_at: Date;
}

const columns = `merchant_id, authentication_id, subject_kind, subject_id, status, three_ds_server_trans_id,
  acs_trans_id, ds_trans_id, trans_status, trans_status_reason, eci, authentication_value, challenge_cancel, currency,
  amount_minor, mandated, shown, return_url, holder_hash, opened_at, expires_at, created_at, updated_at`;

const insert = statement(
  'authentication/insert',
  `insert into threeds_authentication
     (merchant_id, authentication_id, subject_kind, subject_id, status, three_ds_server_trans_id, currency,
      amount_minor, mandated, shown, return_url, holder_hash, expires_at, created_at, updated_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)`,
);

const find = statement<AuthenticationRow>(
  'authentication/find',
  `select ${columns} from threeds_authentication where authentication_id = $1`,
);

const findOfSubject = statement<AuthenticationRow>(
  'authentication/find-of-subject',
  `select ${columns} from threeds_authentication where merchant_id = $1 and subject_kind = $2 and subject_id = $3`,
);

const save = statement<{ authentication_id: string }>(
  'authentication/save',
  `update threeds_authentication
   set status = $4, acs_trans_id = $5, ds_trans_id = $6, trans_status = $7, trans_status_reason = $8, eci = $9,
       authentication_value = $10, challenge_cancel = $11, updated_at = $12
   where merchant_id = $1 and authentication_id = $2 and status = $3
   returning authentication_id`,
);

const markOpened = statement<{ authentication_id: string }>(
  'authentication/mark-opened',
  `update threeds_authentication set holder_hash = $3, opened_at = $4, updated_at = $4
   where merchant_id = $1 and authentication_id = $2 and opened_at is null
   returning authentication_id`,
);

export async function insertAuthentication(tx: Tx, authentication: Authentication): Promise<void> {
  await tx.rows(insert, [
    authentication.merchantId,
    authentication.authenticationId,
    authentication.subject.kind,
    authentication.subject.id,
    authentication.status,
    authentication.threeDSServerTransID,
    authentication.currency,
    authentication.amountMinor,
    authentication.mandated,
    JSON.stringify(authentication.shown),
    authentication.returnUrl ?? null,
    authentication.holderHash,
    authentication.expiresAt,
    authentication.createdAt,
  ]);
}

export const findAuthentication = async (sql: Sql, authenticationId: string): Promise<Authentication | undefined> =>
  (await sql.rows(find, [authenticationId])).map(authenticationFrom)[0];

export const findAuthenticationOf = async (
  sql: Sql,
  merchantId: string,
  subject: AuthenticationSubject,
): Promise<Authentication | undefined> =>
  (await sql.rows(findOfSubject, [merchantId, subject.kind, subject.id])).map(authenticationFrom)[0];

/** Saves an authentication that had `expected` as its status; false when another result was faster. */
export async function saveAuthentication(
  tx: Tx,
  authentication: Authentication,
  expected: AuthenticationStatus,
): Promise<boolean> {
  const { merchantId, authenticationId, status, proof, updatedAt } = authentication;
  const saved = await tx.rows(save, [
    merchantId,
    authenticationId,
    expected,
    status,
    proof.acsTransID ?? null,
    proof.dsTransID ?? null,
    proof.transStatus ?? null,
    proof.transStatusReason ?? null,
    proof.eci ?? null,
    proof.authenticationValue ?? null,
    proof.challengeCancel ?? null,
    updatedAt,
  ]);
  return saved.length === 1;
}

/** Uses the link up: from now on the browser shows another secret. False when it was used before. */
export async function markLinkOpened(
  tx: Tx,
  { merchantId, authenticationId }: Authentication,
  holderHash: Buffer,
  now: Date,
): Promise<boolean> {
  return (await tx.rows(markOpened, [merchantId, authenticationId, holderHash, now])).length === 1;
}

function authenticationFrom(row: AuthenticationRow): Authentication {
  return {
    merchantId: row.merchant_id,
    authenticationId: row.authentication_id,
    subject: { kind: row.subject_kind, id: row.subject_id },
    status: row.status,
    threeDSServerTransID: row.three_ds_server_trans_id,
    proof: {
      acsTransID: row.acs_trans_id ?? undefined,
      dsTransID: row.ds_trans_id ?? undefined,
      transStatus: row.trans_status ?? undefined,
      transStatusReason: row.trans_status_reason ?? undefined,
      eci: row.eci ?? undefined,
      authenticationValue: row.authentication_value ?? undefined,
      challengeCancel: row.challenge_cancel ?? undefined,
    },
    currency: row.currency,
    amountMinor: row.amount_minor,
    mandated: row.mandated,
    shown: row.shown,
    returnUrl: row.return_url ?? undefined,
    holderHash: row.holder_hash,
    openedAt: row.opened_at ?? undefined,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
