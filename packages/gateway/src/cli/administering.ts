/** What the commands about merchants and their endpoints are given: the ground, the platform's keys, and the rules of what URLs may be notified. */
import { configFrom } from '../config.ts';
import { type Ground, withGround } from '../ground.ts';
import type { AdministrationDeps } from '../merchant/administer.ts';
import { openPlatformKeys } from '../merchant/platform-keys.ts';
import { recordAccess } from '../vault/access-log.ts';
import { createEgress, egressRulesOf } from '../webhook/egress.ts';
import { operator } from './audit.ts';

/** Runs a command's work, beside a running gateway or alone. */
export const administering = (
  work: (deps: AdministrationDeps) => Promise<void>,
  before: (ground: Ground) => Promise<void> = async () => {},
): Promise<void> =>
  withGround(configFrom(), async (ground) => {
    await before(ground);
    const egress = createEgress(egressRulesOf(ground.config));
    try {
      await work({ ...ground, platformKeys: await openPlatformKeys(ground), egress });
    } finally {
      egress.close();
    }
  });

/** The same for a command that changes something of a merchant: it is written down before, or not done. */
export const changing = (
  purpose: string,
  merchantId: string | undefined,
  work: (deps: AdministrationDeps) => Promise<void>,
): Promise<void> => administering(work, (ground) => recordAct(ground, purpose, merchantId));

/** In the system's chain of the access log, also for a merchant that there is not, or not yet. */
export const recordAct = (ground: Ground, purpose: string, merchantId: string | undefined, tokenId?: string) =>
  recordAccess(ground, {
    merchantId: '',
    actor: operator(),
    act: 'operator.act',
    purpose,
    tokenId,
    subject: merchantId === undefined ? undefined : `merchant/${merchantId}`,
  });
