/**
 * What a production gateway does not start beside, found in its database and its connectors, and the reverse: a sandbox does not
 * touch a production database. `config.ts` refuses the settings. Each refusal is one sentence that says what to do.
 */
import type { Connectors } from './connector/registry.ts';
import { hasSandboxPayments } from './connector/sandbox/acquirer.ts';
import { hasProductionKeys, hasSandboxKeys } from './merchant/sandbox-home.ts';
import type { Sql } from './storage/database.ts';

/**
 * Refuses what is a sandbox's.
 *
 * @param connectors - those that payments would take
 * @throws Error for the sandbox's keys or payments in the database, and for the sandbox acquirer
 */
export async function refuseSandboxIn(sql: Sql, connectors: Connectors): Promise<void> {
  if (await hasSandboxKeys(sql))
    throw new Error('the database holds API keys of a sandbox (wk_test_, wck_test_); revoke them, or name another one');
  if (await hasSandboxPayments(sql))
    throw new Error('the database holds payments of a sandbox; name another one in WAFFO_DATABASE_URL');
  if (connectors.of('').name === 'sandbox')
    throw new Error('production needs an acquirer for every merchant; name its host in WAFFO_ISO8583_URL');
}

/**
 * Refuses a database of production to a sandbox, which would answer its merchants without moving money, and leave payments
 * beside which production does not start. One variable that is missing is enough for that.
 *
 * @throws Error for keys that a production gateway gave out, used or revoked
 */
export async function refuseLiveIn(sql: Sql): Promise<void> {
  if (await hasProductionKeys(sql))
    throw new Error(
      'the database is one of production (wk_live_, wck_live_), and this is a sandbox; set WAFFO_ENVIRONMENT=production, or name another database',
    );
}
