/** The connectors of this gateway. */
import type { AccountUpdater } from './account-updater.ts';
import type { Connector } from './connector.ts';
import type { ThreeDsProvider } from './threeds.ts';

export interface Connectors {
  /** The connector that new payments of a merchant take. */
  of(merchantId: string): Connector;
  /** A connector by its name, for attempts that were made through it. */
  named(name: string): Connector;
  /** Who authenticates a merchant's shoppers. */
  threeDsOf(merchantId: string): ThreeDsProvider;
  /** Who knows what became of a merchant's stored cards. */
  updaterOf(merchantId: string): AccountUpdater;
}

/** Every merchant takes the one connector, the one 3DS provider and the one account updater. */
export function singleConnector(connector: Connector, threeDs: ThreeDsProvider, updater: AccountUpdater): Connectors {
  return {
    of: () => connector,
    threeDsOf: () => threeDs,
    updaterOf: () => updater,
    named(name) {
      if (name !== connector.name) throw new Error(`no connector is named ${name}`);
      return connector;
    },
  };
}
