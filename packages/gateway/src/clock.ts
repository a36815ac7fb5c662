/**
 * The only place that asks the time. Everything that is due, expires or is stamped obeys a `Clock`; nothing compares
 * with the database's own `now()`. Real by default; a virtual clock moves only when told.
 */

export interface Clock {
  now(): Date;
  /** Calls back after `ms` of this clock's time, unless cancelled. */
  after(ms: number, callback: () => void): { cancel(): void };
  /** What it is set against; absent when it is set against nothing. Leases, timeouts, rates and the access log obey that one. */
  readonly machine?: Clock;
}

/** The machine's time, whatever merchant a clock belongs to. */
export const machineNow = (clock: Clock): Date => (clock.machine ?? clock).now();

/** How a merchant's clock stands: still, or ahead of the machine's. */
export interface ClockSetting {
  readonly frozenAt: Date | undefined;
  readonly aheadMs: number;
}

/**
 * A clock as a merchant sees it. Only what it shows differs: to wait a second takes a second.
 *
 * @param setting - undefined: it shows the machine's time
 */
export function setAgainst(machine: Clock, setting: ClockSetting | undefined): Clock {
  if (setting === undefined) return machine;
  const { frozenAt, aheadMs } = setting;
  return {
    now: () => frozenAt ?? new Date(machine.now().getTime() + aheadMs),
    after: (ms, callback) => machine.after(ms, callback),
    machine,
  };
}

/** The machine's clock. */
export const realClock: Clock = {
  now: () => new Date(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A clock that stands still until it is moved forward. */
export class VirtualClock implements Clock {
  #now: number;
  #timers = new Set<{ at: number; callback: () => void }>();

  /** @param start - the moment it shows first */
  constructor(start: Date) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  after(ms: number, callback: () => void): { cancel(): void } {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /**
   * Moves forward to a moment and fires what became due, in order.
   *
   * @param moment - not before `now()`
   * @throws RangeError when the moment lies in the past: this clock never goes back
   */
  moveTo(moment: Date): void {
    if (moment.getTime() < this.#now) throw new RangeError('a clock does not go back');
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= moment.getTime()).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = moment.getTime();
  }
}
