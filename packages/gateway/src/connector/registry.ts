/** The connectors of this gateway. */
import type { Connector } from './connector.ts';

export interface Connectors {
  /** The connector that new payments of a merchant take. */
  of(merchantId: string): Connector;
  /** A connector by its name, for attempts that were made through it. */
  named(name: string): Connector;
}

/** Every merchant takes the one connector. */
export function singleConnector(connector: Connector): Connectors {
  return {
    of: () => connector,
    named(name) {
      if (name !== connector.name) throw new Error(`no connector is named ${name}`);
      return connector;
    },
  };
}
