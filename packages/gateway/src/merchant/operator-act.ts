/** What an operator changes of a merchant, its keys, its limits or a token is in the access log before it is done (D-20). */
import { type AccessLogDeps, recordAccess } from '../vault/access-log.ts';

export interface OperatorAct {
  /** As the access log names them. */
  readonly actor: string;
  /** The command, or the method and path of the operator API: `merchant suspend`. */
  readonly purpose: string;
  readonly merchantId?: string | undefined;
  readonly tokenId?: string | undefined;
}

/** In the system's chain, also for a merchant that there is not, or not yet. */
export const recordOperatorAct = (
  deps: AccessLogDeps,
  { actor, purpose, merchantId, tokenId }: OperatorAct,
): Promise<void> =>
  recordAccess(deps, {
    merchantId: '',
    actor,
    act: 'operator.act',
    purpose,
    tokenId,
    subject: merchantId === undefined ? undefined : `merchant/${merchantId}`,
  });
