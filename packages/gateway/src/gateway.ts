/** What every handler is given. Built once, in `app.ts`; there is nothing else to reach for. */
import { type Clock, setAgainst } from './clock.ts';
import type { Config } from './config.ts';
import type { Connectors } from './connector/registry.ts';
import { clockOf } from './job/merchant-clock.ts';
import type { Nudge } from './job/queue.ts';
import type { Limits } from './limits/limits.ts';
import type { Merchant } from './merchant/merchant.ts';
import type { PlatformKeys } from './merchant/platform-keys.ts';
import type { Log } from './observe/log.ts';
import type { Database } from './storage/database.ts';
import type { Keyring } from './vault/keyring.ts';
import type { Egress } from './webhook/egress.ts';

export interface Gateway {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly database: Database;
  readonly keyring: Keyring;
  readonly platformKeys: PlatformKeys;
  readonly connectors: Connectors;
  readonly egress: Egress;
  readonly limits: Limits;
  /** Origin under which shoppers reach this gateway, without a trailing slash. */
  publicUrl(): string;
  /** Tells the runner of this process that work was added. */
  readonly nudge: Nudge;
}

/**
 * The gateway as it works for one merchant: its database shows that merchant's rows and no
 * others, and its clock shows that merchant's time.
 */
export function forCaller(gateway: Gateway, { merchantId, clock }: Merchant): Gateway {
  const setting = gateway.config.environment === 'production' ? undefined : clock;
  return { ...gateway, database: gateway.database.ofMerchant(merchantId), clock: setAgainst(gateway.clock, setting) };
}

/** The same for a merchant of whom only the id is known. */
export async function forMerchant(gateway: Gateway, merchantId: string): Promise<Gateway> {
  const database = gateway.database.ofMerchant(merchantId);
  return { ...gateway, database, clock: await clockOf({ ...gateway, database }, merchantId) };
}
