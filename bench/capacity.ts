/**
 * From the benchmark's figures to processes and cores. It never rounds down, and knows no figure of its own but how busy a core
 * may be. An order is planned at what it costs at 40 % load: the fewer come at a time, the fewer share a commit, and the more
 * each of them costs.
 */

/** What is read of docs/performance.json. */
export interface Performance {
  readonly commit: string;
  readonly machine: string;
  readonly results: readonly {
    readonly name: string;
    /** Microseconds of processor time for one request. */
    readonly cpu: { readonly gateway?: number; readonly database?: number };
  }[];
  readonly deliveriesPerSecond: number;
  readonly memoryMb: number;
}

/** A second, at the busiest. */
interface Rates {
  readonly orders: number;
  readonly bindings: number;
  readonly inquiries: number;
}

interface Plan {
  /** The share of a core that is used at the busiest. */
  readonly busy: number;
  readonly gatewayCores: number;
  readonly databaseCores: number;
  readonly apiProcesses: number;
  readonly workers: number;
  readonly notifications: number;
  readonly memoryMb: number;
}

/** A choice, no measurement: the rest is for peaks, and for what a process that is replaced leaves to the others. */
const busy = 0.4;
/** One may be replaced, or die, while the others go on. */
const spare = 1;

/**
 * @param performance - the benchmark's stored run
 * @throws Error when it lacks a call that is asked for
 */
export function planFor({ results, deliveriesPerSecond, memoryMb }: Performance, rates: Rates): Plan {
  const { orders, bindings, inquiries } = rates;
  const parts: readonly (readonly [string, number])[] = [
    ['order/create at 40 % load', orders],
    ['tokenization/generate', bindings],
    ['tokenization/submit', bindings],
    ['tokenization/inquiry', inquiries],
  ];
  const coresOf = (process: 'gateway' | 'database') =>
    parts.reduce((sum, [name, rate]) => {
      const micros = results.find((result) => result.name === name)?.cpu[process];
      if (micros === undefined)
        throw new Error(`docs/performance.json does not tell the ${process}'s share of ${name}`);
      return sum + (rate * micros) / 1_000_000 / busy;
    }, 0);
  const gatewayCores = coresOf('gateway');
  // A token tells of itself twice: when it is bound, and when it was first charged.
  const notifications = orders + 2 * bindings;
  const apiProcesses = Math.ceil(gatewayCores) + spare;
  const workers = Math.ceil(notifications / deliveriesPerSecond / busy) + spare;
  return {
    busy,
    gatewayCores,
    databaseCores: coresOf('database'),
    apiProcesses,
    workers,
    notifications,
    memoryMb: Math.ceil((apiProcesses + workers) * memoryMb),
  };
}
