/** Several runners as one: work that waits for strangers never takes the places of work that waits for us. */
import type { Runner } from './runner.ts';

/** @param runners - each with kinds of its own */
export const together = (runners: readonly Runner[]): Runner => ({
  nudge() {
    for (const runner of runners) runner.nudge();
  },
  async drain() {
    for (let total = 0; ; ) {
      let ran = 0;
      for (const runner of runners) ran += await runner.drain();
      total += ran;
      if (ran === 0) return total;
    }
  },
  async nextDue() {
    const moments = await Promise.all(runners.map((runner) => runner.nextDue()));
    const known = moments.filter((moment) => moment !== undefined);
    return known.length === 0 ? undefined : new Date(Math.min(...known.map((moment) => moment.getTime())));
  },
  async stop() {
    await Promise.all(runners.map((runner) => runner.stop()));
  },
});
