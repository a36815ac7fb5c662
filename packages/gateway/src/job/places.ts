/**
 * Where jobs run, and fairly: a job that waits for a stranger leaves its place to others, and no merchant and no host has
 * more than a part of the places. Hosts that answer in time have places of their own; those that hang, and those that
 * nobody has met, share a few others. It knows what runs in this process only.
 */
import type { Clock } from '../clock.ts';
import type { Claim, Job } from './job.store.ts';

/** A job that takes longer is waiting for somebody: it gives its place to another and goes on beside. */
const quickMs = 300;
/** For a host of which nobody knows whether it answers, that is told sooner. */
const quickForStrangerMs = 50;
/** Waiting costs a socket and little else. */
const mostWaiting = 1_024;
/** Jobs at a time, one for each host, for hosts that hang or that nobody has met. */
const placesOfStrangers = 2;
/** A host that takes longer than this hangs, however it ends. */
const hangsAfterMs = 5_000;
/** A host that hangs gets one call at a time; when it answers, it is known and gets the rest. */
const ofStranger = { places: 1, waiting: 1 };
/** Hosts to keep in mind, those that answered last. */
const mostKnown = 1_000;

type Guest = Pick<Job, 'merchantId' | 'host'>;
type Running = Guest & { readonly isStranger: boolean; isWaiting: boolean; readonly work: Promise<void> };

/** What one merchant, or one host, may have: places, and jobs that wait. */
interface Share {
  readonly places: number;
  readonly waiting: number;
}

/** What may be claimed now, and whose may not. A claim can take a little more than what is left of a share. */
export type Rooms = Pick<Claim, 'withoutMerchants' | 'knownHosts' | 'known' | 'strangers'>;

/** @param count - jobs at a time that do not wait */
export function openPlaces(clock: Clock, count: number) {
  /** Where many wait already, each may have fewer, so that there is room for whoever hangs next. */
  const scarcity = () => (waiting < mostWaiting / 2 ? 1 : 4);
  /** An eighth at least; half of all is shared by those who have work now, so that there is room for whoever comes next. */
  const ofMerchant = (): Share => ({
    places: Math.ceil(
      count / Math.min(8, 2 * Math.max(1, new Set([...running].map((guest) => guest.merchantId)).size)),
    ),
    waiting: 8 / scarcity(),
  });
  const ofHost = (): Share => ({ places: Math.ceil(count / 4), waiting: 16 / scarcity() });
  const running = new Set<Running>();
  const hosts = meetHosts(clock);
  let waiting = 0;
  let ended = 0;

  const crowdingMerchants = () => crowding(running, ({ merchantId }) => merchantId, ofMerchant());
  const crowdingHosts = (share: Share) => crowding(running, ({ host }) => host, share);
  const taken = (isStranger: boolean) =>
    [...running].filter((guest) => guest.isStranger === isStranger && !guest.isWaiting).length;
  const free = () => count - taken(false);
  const freeForStrangers = () => placesOfStrangers - taken(true);

  return {
    /** Those who answer have a room of their own: what hangs takes none of the places of what does not. */
    rooms: (): Rooms => ({
      withoutMerchants: crowdingMerchants(),
      knownHosts: hosts.known(),
      known: { limit: Math.max(0, Math.min(ofMerchant().places, free())), withoutHosts: crowdingHosts(ofHost()) },
      strangers: { limit: Math.max(0, freeForStrangers()), withoutHosts: crowdingHosts(ofStranger) },
    }),
    /** Holds a place for `work`, which never rejects; `whenFree` is told whenever one is there again. */
    take({ merchantId, host }: Guest, work: Promise<void>, whenFree: () => void): void {
      const isStranger = host !== undefined && !hosts.isKnown(host);
      const guest: Running = { merchantId, host, isStranger, isWaiting: false, work };
      running.add(guest);
      if (host !== undefined) hosts.watch(host, work);
      let timer = clock.after(isStranger ? quickForStrangerMs : quickMs, stepAside);
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
    isCrowded: () =>
      free() <= 0 || freeForStrangers() <= 0 || crowdingMerchants().length > 0 || crowdingHosts(ofStranger).length > 0,
    isBusy: () => running.size > 0,
    allEnded: async () => void (await Promise.all([...running].map(({ work }) => work))),
    /** How many have ended so far. */
    ended: () => ended,
  };
}

/** Whoever has all of its share. */
function crowding(running: Iterable<Running>, nameOf: (guest: Guest) => string | undefined, share: Share): string[] {
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

/** Who answers: a host is known once it has, and until it hangs. */
function meetHosts(clock: Clock) {
  /** In the order in which they answered. */
  const known = new Set<string>();
  return {
    known: (): string[] => [...known],
    isKnown: (host: string): boolean => known.has(host),
    watch(host: string, work: Promise<void>): void {
      let hangs = false;
      const timer = clock.after(hangsAfterMs, () => {
        hangs = true;
        known.delete(host);
      });
      void work.then(() => {
        timer.cancel();
        if (hangs) return;
        known.delete(host);
        known.add(host);
        const [oldest] = known;
        if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
      });
    },
  };
}
