/** The connectors of this gateway. */
import type { Connector } from './connector.ts';
import type { ThreeDsProvider } from './threeds.ts';

export interface Connectors {
  /** The connector that new payments of a merchant take. */
  of(merchantId: string): Connector;
  /** A connector by its name, for attempts that were made through it. */
  named(name: string): Connector;
  /** Who authenticates a merchant's shoppers. */
  threeDsOf(merchantId: string): ThreeDsProvider;
}

/** Every merchant takes the one connector and the one 3DS provider. */
export function singleConnector(connector: Connector, threeDs: ThreeDsProvider): Connectors {
  return {
    of: () => connector,
    threeDsOf: () => threeDs,
    named(name) {
      if (name !== connector.name) throw new Error(`no connector is named ${name}`);
      return connector;
    },
  };
}
