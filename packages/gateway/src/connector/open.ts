/** Who this gateway's money and questions go to. The one place that names the sandbox's parts, and who takes which acquirer. */
import { type Clock, realClock } from '../clock.ts';
import type { Config, IsoSettings } from '../config.ts';
import type { Database } from '../storage/database.ts';
import { cardMethods } from './card-methods.ts';
import { isoAcquirer } from './iso8583/acquirer.ts';
import { openLink } from './iso8583/link.ts';
import { noAccountUpdater, noThreeDs } from './not-connected.ts';
import { type Acquiring, type Connectors, routed } from './registry.ts';
import { sandboxAccountUpdater } from './sandbox/account-updater.ts';
import { sandboxAcquirer } from './sandbox/acquirer.ts';
import { sandboxAcs } from './sandbox/acs.ts';

interface Deps {
  readonly config: Pick<Config, 'sandboxCode' | 'iso8583'>;
  readonly database: Database;
  readonly clock: Clock;
}

/** How often a host is asked whether it is there, and how long after a broken connection it is dialled again. */
const echoMs = 60_000;
const redialMs = 1_000;

export function openConnectors({ config, database, clock }: Deps): Connectors {
  const sandbox: Acquiring = {
    connector: sandboxAcquirer({ database, clock }),
    threeDs: sandboxAcs({ database, clock, code: config.sandboxCode }),
    updater: sandboxAccountUpdater,
  };
  const { iso8583 } = config;
  if (iso8583 === undefined) return routed([sandbox], () => sandbox);
  const { acquiring, stop } = openIso(iso8583, { database, clock });
  const takes = (merchantId: string) => iso8583.merchants === '*' || iso8583.merchants.includes(merchantId);
  return routed([acquiring, sandbox], (merchantId) => (takes(merchantId) ? acquiring : sandbox), stop);
}

function openIso(settings: IsoSettings, deps: Pick<Deps, 'database' | 'clock'>) {
  const { host, port, terminalId, acceptorId, answerMs } = settings;
  // A host lives in real time, whatever a clock shows.
  const link = openLink({ host, port, clock: realClock, answerMs, echoMs, redialMs });
  const terminal = { terminalId, acceptorId };
  const connector = isoAcquirer({ ...deps, link, terminal, payMethods: cardMethods, answerMs });
  return { acquiring: { connector, threeDs: noThreeDs, updater: noAccountUpdater }, stop: link.stop };
}
