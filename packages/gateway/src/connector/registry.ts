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
  /** Ends what they keep open. */
  stop(): Promise<void>;
}

/** A connector with the 3DS provider and the account updater that go with it. */
export interface Acquiring {
  readonly connector: Connector;
  readonly threeDs: ThreeDsProvider;
  readonly updater: AccountUpdater;
}

/**
 * @param all - every acquirer there is; what was charged through one is followed up through it for ever
 * @param routeOf - the one that new payments of a merchant take
 */
export function routed(
  all: readonly Acquiring[],
  routeOf: (merchantId: string) => Acquiring,
  stop: () => Promise<void> = async () => {},
): Connectors {
  return {
    of: (merchantId) => routeOf(merchantId).connector,
    threeDsOf: (merchantId) => routeOf(merchantId).threeDs,
    updaterOf: (merchantId) => routeOf(merchantId).updater,
    named(name) {
      const found = all.find(({ connector }) => connector.name === name);
      if (found === undefined) throw new Error(`no connector is named ${name}`);
      return found.connector;
    },
    stop,
  };
}
