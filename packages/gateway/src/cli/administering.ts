/** What the commands about merchants and their endpoints are given: the ground, the platform's keys, and the rules of what URLs may be notified. */
import { configFrom } from '../config.ts';
import { type Ground, withGround } from '../ground.ts';
import type { AdministrationDeps } from '../merchant/administer.ts';
import { recordOperatorAct } from '../merchant/operator-act.ts';
import { openPlatformKeys } from '../merchant/platform-keys.ts';
import { createEgress, egressRulesOf } from '../webhook/egress.ts';
import { operator } from './audit.ts';

type Work = (deps: AdministrationDeps) => Promise<void>;

/** Runs a command's work, beside a running gateway or alone. */
export const administering = (work: Work): Promise<void> => withGround(configFrom(), (ground) => workOn(ground, work));

/** The same for a command that changes something of a merchant: it is written down before, or not done. */
export const changing = (purpose: string, merchantId: string | undefined, work: Work): Promise<void> =>
  withGround(configFrom(), async (ground) => {
    await recordOperatorAct(ground, { actor: operator(), purpose, merchantId });
    await workOn(ground, work);
  });

async function workOn(ground: Ground, work: Work): Promise<void> {
  const egress = createEgress(egressRulesOf(ground.config));
  try {
    await work({ ...ground, platformKeys: await openPlatformKeys(ground), egress });
  } finally {
    egress.close();
  }
}
