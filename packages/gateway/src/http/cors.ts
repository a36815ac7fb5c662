/**
 * Lets the pages of merchants call the browser's operations, and nobody else's. The call itself is checked against its own
 * client key in `callers.ts`; a preflight carries no key, so it is answered when any client key may be used from its origin.
 */
import { apiKeyHeader, signatureHeader } from '@waffo/protocol/signature';
import type { Gateway } from '../gateway.ts';
import { originIsRegistered } from '../merchant/find.ts';
import { isLoopback } from './callers.ts';

/** Two hours: the most that Chromium keeps. */
const preflightSeconds = 7200;

const exposedHeaders = [signatureHeader, 'Retry-After', 'X-Request-Id', 'X-Waffo-Hint'].join(', ');
const acceptedHeaders = ['Content-Type', apiKeyHeader, 'X-API-VERSION', 'X-SDK-VERSION'].join(', ');

type Deps = Pick<Gateway, 'database' | 'config'>;

/**
 * Headers of an answer to a page.
 *
 * @param origin - one that may read the answer; undefined for a foreign one (its browser then hides the answer from the
 *   page) and for callers that are no browser
 */
export const corsHeaders = (origin: string | undefined): Record<string, string> => ({
  Vary: 'Origin',
  ...(origin !== undefined && {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': exposedHeaders,
  }),
});

/** Headers of the answer to a preflight. */
export async function preflightHeaders(deps: Deps, origin: string | undefined): Promise<Record<string, string>> {
  const reader = await readerAt(deps, origin);
  if (reader === undefined) return corsHeaders(undefined);
  return {
    ...corsHeaders(reader),
    'Access-Control-Allow-Methods': 'POST',
    'Access-Control-Allow-Headers': acceptedHeaders,
    'Access-Control-Max-Age': String(preflightSeconds),
  };
}

/** The origin itself, if the page of some merchant may be there. */
export async function readerAt(deps: Deps, origin: string | undefined): Promise<string | undefined> {
  if (origin === undefined) return undefined;
  const isOwnMachine = deps.config.environment === 'sandbox' && isLoopback(origin);
  return isOwnMachine || (await originIsRegistered(deps, origin)) ? origin : undefined;
}
