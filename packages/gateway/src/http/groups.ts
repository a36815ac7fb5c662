/**
 * Calls that come while others are on their way set out together when those are back: what they look up and write then goes into the
 * same statements and commits (`storage/grouped.ts`), which costs a fraction of what each would cost alone. Whoever finds nobody on
 * the way sets out at once.
 */

/** So many need not wait for more: a batch is nearly full (`inBatches`). */
const enough = 24;
/**
 * Nobody waits longer for those who set out last: one of them may wait for an acquirer. Real time, whatever the gateway's clock says:
 * it is about processors.
 */
const longestWaitMs = 20;

/**
 * @returns runs a call when its group sets out
 * @example const inGroup = inGroups(); await inGroup(() => perform(call));
 */
export function inGroups(): <T>(call: () => Promise<T>) => Promise<T> {
  let waiting: ((arrive: () => void) => void)[] = [];
  let last: object | undefined;
  let isDue = false;

  function setOut(): void {
    isDue = false;
    const group = waiting;
    waiting = [];
    last = group;
    let underWay = group.length;
    const back = (): void => {
      clearTimeout(patience);
      if (last !== group) return;
      last = undefined;
      setOutSoon();
    };
    const patience = setTimeout(back, longestWaitMs);
    for (const go of group) {
      go(() => {
        underWay -= 1;
        if (underWay === 0) back();
      });
    }
  }

  /** With all that this turn of the event loop brings. */
  function setOutSoon(): void {
    if (isDue || waiting.length === 0) return;
    isDue = true;
    setImmediate(setOut);
  }

  return async (call) => {
    const arrive = await new Promise<() => void>((go) => {
      waiting.push(go);
      if (last === undefined || waiting.length >= enough) setOutSoon();
    });
    try {
      return await call();
    } finally {
      arrive();
    }
  };
}
