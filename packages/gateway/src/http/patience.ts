/**
 * Makes those wait who proved nothing. Refusals of such callers leave at a steady rate; what comes faster waits its turn, and with
 * it the connection, so that a flood is as fast as we answer it and no faster. Callers who proved who they are never wait
 * here.
 */
import type { Socket } from 'node:net';

export interface Patience {
  /**
   * Waits for the turn of a refusal.
   *
   * @returns false when too many wait: answer at once, and end the connection
   */
  turn(socket: Socket): Promise<boolean>;
  /** Lets all go who wait. */
  close(): void;
}

/** Real time, whatever the gateway's clock says: sockets know no other. */
const tickMs = 10;
/** After a quiet time what belongs to so many seconds leaves at once. */
const burstSeconds = 3;
/** A waiting connection holds some 10 kB. */
const mostWaiting = 4_000;

/** @param perSecond - refusals that leave */
export function openPatience(perSecond: number): Patience {
  const leavePerTick = (perSecond * tickMs) / 1_000;
  const burst = perSecond * burstSeconds;
  const waiting: (() => void)[] = [];
  const waitingSockets = new WeakSet<Socket>();
  let left = burst;
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    left = Math.min(burst, left + leavePerTick);
    while (left >= 1 && waiting.length > 0) {
      left -= 1;
      waiting.shift()?.();
    }
    if (left < burst) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    async turn(socket) {
      if (timer === undefined) timer = setInterval(tick, tickMs).unref();
      if (left >= 1) {
        left -= 1;
        return true;
      }
      // One that does not wait for its answers, or one too many.
      if (waitingSockets.has(socket) || waiting.length >= mostWaiting) return false;
      waitingSockets.add(socket);
      await new Promise<void>((resolve) => waiting.push(resolve));
      waitingSockets.delete(socket);
      return true;
    },
    close() {
      clearInterval(timer);
      timer = undefined;
      for (const leave of waiting.splice(0)) leave();
    },
  };
}
