/** Names what was thrown. Anything that is not a `Fault` is our bug or an outage: the caller learns no more than that. */
import type { FaultName } from '@waffo/protocol/codes';
import { Fault } from '../fault.ts';
import { CommitUnknown, DatabaseUnavailable } from '../storage/failures.ts';

/**
 * @param error - whatever was thrown on a request's way
 * @returns a fault; what it was made from is its `cause`, for the log
 */
export function faultFrom(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof DatabaseUnavailable) return new Fault('UNAVAILABLE', undefined, { cause: error });
  if (error instanceof CommitUnknown) return new Fault('STATUS_UNKNOWN', undefined, { cause: error });
  return new Fault('SYSTEM_ERROR', undefined, { cause: error });
}

/**
 * The framework refuses what it cannot read with a 4xx: the request's fault, and no news for the log. Only for what the
 * framework itself reports; what a handler throws may look alike.
 */
export function faultFromFramework(error: unknown): Fault {
  const { code, statusCode = 500 } = error as { code?: string; statusCode?: number };
  return statusCode >= 500 ? faultFrom(error) : new Fault(nameOf(statusCode, code));
}

function nameOf(statusCode: number, code: string | undefined): FaultName {
  if (statusCode === 413) return 'BODY_TOO_LARGE';
  if (statusCode === 415) return 'CONTENT_TYPE_INVALID';
  return code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_MAX_PARAM_LENGTH' ? 'PATH_UNKNOWN' : 'PARAMETER_INVALID';
}
