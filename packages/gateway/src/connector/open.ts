/** Who this gateway's money and questions go to. The one place that names the sandbox's parts. */
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Database } from '../storage/database.ts';
import { type Connectors, singleConnector } from './registry.ts';
import { sandboxAccountUpdater } from './sandbox/account-updater.ts';
import { sandboxAcquirer } from './sandbox/acquirer.ts';
import { sandboxAcs } from './sandbox/acs.ts';

export const openConnectors = ({
  config,
  database,
  clock,
}: {
  readonly config: Pick<Config, 'sandboxCode'>;
  readonly database: Database;
  readonly clock: Clock;
}): Connectors =>
  singleConnector(
    sandboxAcquirer({ database, clock }),
    sandboxAcs({ database, clock, code: config.sandboxCode }),
    sandboxAccountUpdater,
  );
