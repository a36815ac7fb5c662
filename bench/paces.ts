/** How fast calls turned out to be, and so how many of them a run can use: what is signed and never sent costs minutes. */

export type Call = 'order/create' | 'tokenization/generate' | 'tokenization/submit' | 'notification';

/**
 * Of the limit, before anything is known of a call: what we aim at and half as much again, for too little ends the run, and too
 * much costs seconds. A session is dear to prepare, so that a `submit` has less.
 */
const firstGuess: Readonly<Record<Call, number>> = {
  'order/create': 0.45,
  'tokenization/generate': 0.45,
  'tokenization/submit': 0.35,
  notification: 0.15,
};
/** One run may be luckier than those before. */
const margin = 1.5;

export const median = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** What a run reached: a second, and of the limit of that moment. */
interface Reached {
  readonly requestsPerSecond: number;
  readonly ratio: number;
}

export interface Paces {
  /** @param call - absent: what was measured is no such call, and only tells how fast the machine is now */
  note(reached: Reached, call?: Call): void;
  /** A run was given too few: from now on it is twice as many. */
  double(call: Call): void;
  /** A second, in the middle of all runs so far; undefined before the first. */
  usual(call: Call): number | undefined;
  /** More than a run of so many seconds can use: shares of the limit are kept, for a machine is not always equally fast. */
  enoughFor(call: Call, seconds: number): number;
}

/** @param limit - signatures a second */
export function openPaces(limit: number): Paces {
  const known = new Map<Call, Reached[]>();
  const of = (call: Call): readonly Reached[] => known.get(call) ?? [];
  const doubled = new Map<Call, number>();
  let highestLimit = limit;
  return {
    note(reached, call) {
      highestLimit = Math.max(highestLimit, reached.requestsPerSecond / reached.ratio);
      if (call !== undefined) known.set(call, [...of(call), reached]);
    },
    double: (call) => void doubled.set(call, 2 * (doubled.get(call) ?? 1)),
    usual: (call) => median(of(call).map(({ requestsPerSecond }) => requestsPerSecond)),
    enoughFor(call, seconds) {
      const best = Math.max(...of(call).map(({ ratio }) => ratio));
      const share = of(call).length === 0 ? firstGuess[call] : margin * best;
      return Math.ceil(highestLimit * share * (doubled.get(call) ?? 1) * seconds);
    },
  };
}
