/** What the commands about merchants and their endpoints are given: the ground, the platform's keys, and the rules of what URLs may be notified. */
import { configFrom } from '../config.ts';
import { withGround } from '../ground.ts';
import type { AdministrationDeps } from '../merchant/administer.ts';
import { openPlatformKeys } from '../merchant/platform-keys.ts';
import { createEgress, egressRulesOf } from '../webhook/egress.ts';

/** Runs a command's work, beside a running gateway or alone. */
export const administering = (work: (deps: AdministrationDeps) => Promise<void>): Promise<void> =>
  withGround(configFrom(), async (ground) => {
    const egress = createEgress(egressRulesOf(ground.config));
    try {
      await work({ ...ground, platformKeys: await openPlatformKeys(ground), egress });
    } finally {
      egress.close();
    }
  });
