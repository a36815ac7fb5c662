/**
 * Where jobs run, and fairly: a job that waits for a stranger leaves its place to others, and no merchant and no host has
 * more than a part of the places. Receivers that hang cost the others a moment, not their turn. It knows what runs in this
 * process only.
 */
import type { Clock } from '../clock.ts';
import type { Job } from './job.store.ts';

/** A job that takes longer is waiting for somebody: it gives its place to another and goes on beside. */
const quickMs = 300;
/** Waiting costs a socket and little else. */
const mostWaiting = 1_024;

type Guest = Pick<Job, 'merchantId' | 'host'>;

/** What one merchant, or one host, may have: places, and jobs that wait. */
interface Share {
  readonly places: number;
  readonly waiting: number;
}

/** @param count - jobs at a time that do not wait */
export function openPlaces(clock: Clock, count: number) {
  /** Where many wait already, each may have fewer, so that there is room for whoever hangs next. */
  const scarcity = () => (waiting < mostWaiting / 2 ? 1 : 4);
  const ofMerchant = (): Share => ({ places: Math.ceil(count / 8), waiting: 8 / scarcity() });
  const ofHost = (): Share => ({ places: Math.ceil(count / 4), waiting: 16 / scarcity() });
  const running = new Set<Guest & { isWaiting: boolean; readonly work: Promise<void> }>();
  let waiting = 0;
  let ended = 0;

  /** Whoever has all of its share. */
  function crowding(nameOf: (guest: Guest) => string | undefined, share: Share): string[] {
    const taken = new Map<string, { places: number; waiting: number }>();
    for (const guest of running) {
      const name = nameOf(guest);
      if (name === undefined) continue;
      const has = taken.get(name) ?? { places: 0, waiting: 0 };
      has[guest.isWaiting ? 'waiting' : 'places'] += 1;
      taken.set(name, has);
    }
    return [...taken]
      .filter(([, has]) => has.places >= share.places || has.waiting >= share.waiting)
      .map(([name]) => name);
  }
  const crowdingMerchants = () => crowding(({ merchantId }) => merchantId, ofMerchant());
  const crowdingHosts = () => crowding(({ host }) => host, ofHost());
  const free = () => count - (running.size - waiting);

  return {
    /** How many jobs may be claimed now, and whose may not. A claim can take a little more than what is left of a share. */
    room: () => ({
      limit: Math.min(ofMerchant().places, free()),
      withoutMerchants: crowdingMerchants(),
      withoutHosts: crowdingHosts(),
    }),
    /** Holds a place for `work`, which never rejects; `whenFree` is told whenever one is there again. */
    take({ merchantId, host }: Guest, work: Promise<void>, whenFree: () => void): void {
      const guest = { merchantId, host, isWaiting: false, work };
      running.add(guest);
      let timer = clock.after(quickMs, stepAside);
      function stepAside(): void {
        if (waiting < mostWaiting) {
          guest.isWaiting = true;
          waiting += 1;
          whenFree();
        } else {
          timer = clock.after(quickMs, stepAside);
        }
      }
      void work.then(() => {
        timer.cancel();
        running.delete(guest);
        if (guest.isWaiting) waiting -= 1;
        ended += 1;
        whenFree();
      });
    },
    /** Something due may be waiting for a place, of all or of its merchant or host; the next one that is free tells. */
    isCrowded: () => free() <= 0 || crowdingMerchants().length > 0 || crowdingHosts().length > 0,
    isBusy: () => running.size > 0,
    allEnded: async () => void (await Promise.all([...running].map(({ work }) => work))),
    /** How many have ended so far. */
    ended: () => ended,
  };
}
