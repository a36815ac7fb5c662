/** The private halves of open sessions, as `waffo key verify` sees them. They live for minutes, so rotation waits for their end. */
import { statement } from '../storage/database.ts';
import { type KeyUse, type SealedPlace, type SealedRow, sealedColumn } from '../vault/sealed-place.ts';

export const sealedSessions: SealedPlace = sealedColumn({
  noun: 'open sessions',
  purpose: 'session',
  count: statement<KeyUse>(
    'session/count-by-key',
    `select merchant_id, sealed_by as key_id, count(*)::int as values
     from tokenization_session where sealed_by is not null group by merchant_id, sealed_by`,
  ),
  page: statement<SealedRow>(
    'session/page-by-key',
    `select token_request_id || '/' || session_id as record_id, sealed_private_key as sealed from tokenization_session
     where merchant_id = $1 and sealed_by = $2 and token_request_id || '/' || session_id > $3
     order by token_request_id || '/' || session_id limit $4`,
  ),
  bindingOf: (merchantId, recordId) => ({ purpose: 'session', merchantId, recordId }),
});
