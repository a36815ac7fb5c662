/** Names what was thrown. Anything that is not a `Fault` is our bug or an outage: the caller learns no more than that. */
import type { FaultName } from '@waffo/protocol/codes';
import { Fault } from '../fault.ts';

/**
 * @param error - whatever was thrown on a request's way
 * @returns a fault; what it was made from is its `cause`, for the log
 */
export function faultFrom(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof Error && error.name === 'DatabaseUnavailable')
    return new Fault('UNAVAILABLE', undefined, { cause: error });
  const refused = frameworkFault(error);
  if (refused !== undefined) return new Fault(refused);
  return new Fault('SYSTEM_ERROR', undefined, { cause: error });
}

/** The framework refuses what it cannot read with a 4xx; it is the request's fault and no news for the log. */
function frameworkFault(error: unknown): FaultName | undefined {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  if (typeof code !== 'string' || typeof statusCode !== 'number' || statusCode >= 500) return undefined;
  if (statusCode === 413) return 'BODY_TOO_LARGE';
  if (statusCode === 415) return 'CONTENT_TYPE_INVALID';
  return code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_MAX_PARAM_LENGTH' ? 'PATH_UNKNOWN' : 'PARAMETER_INVALID';
}
