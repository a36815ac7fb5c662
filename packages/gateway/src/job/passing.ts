/**
 * How often a claim may pass over work that it must not take: of those who have all of their share, or, when it looks for
 * strangers, of all hosts that are known. It reads all of that, and where a queue is long, the queue would do little else.
 */
import { realClock } from '../clock.ts';
import type { Job } from './job.store.ts';
import type { Rooms } from './places.ts';

/** So many times as long as such a claim took, those are served who have room. */
const restAfterPassing = 4;

/**
 * It goes by the machine's clock, whatever the queue is told: what it spares is the machine's time.
 *
 * @param nudge - called when the rest is over, for those whom it left out
 */
export function openPassing(nudge: () => void) {
  const now = () => realClock.now().getTime();
  let restsUntil = 0;
  let rest: { cancel(): void } | undefined;

  return {
    /** What may be claimed now. */
    allowed(rooms: Rooms): Rooms {
      const left = restsUntil - now();
      if (left <= 0 || !passesOver(rooms)) return rooms;
      rest ??= realClock.after(left, () => {
        rest = undefined;
        nudge();
      });
      return withoutPassing(rooms);
    },
    /** Claims, and rests if that passed over anybody's work. */
    async claim(rooms: Rooms, claim: () => Promise<Job[]>): Promise<Job[]> {
      const startedAt = now();
      const jobs = await claim();
      const endedAt = now();
      if (passesOver(rooms)) restsUntil = endedAt + restAfterPassing * (endedAt - startedAt);
      return jobs;
    },
    stop: (): void => rest?.cancel(),
  };
}

const passesOver = ({ withoutMerchants, knownHosts, known, strangers }: Rooms): boolean =>
  withoutMerchants.length > 0 || known.withoutHosts.length > 0 || (strangers.limit > 0 && knownHosts.length > 0);

function withoutPassing(rooms: Rooms): Rooms {
  const strangers = { ...rooms.strangers, limit: 0 };
  const known = passesOver({ ...rooms, strangers }) ? { ...rooms.known, limit: 0 } : rooms.known;
  return { ...rooms, known, strangers };
}
