/** Virtual time that passes, with all that falls due on the way done at its very moment. */
import type { VirtualClock } from '../../packages/gateway/src/clock.ts';
import type { Runner } from '../../packages/gateway/src/job/runner.ts';

/** @param until - where the clock stands at the end */
export async function travelTo(runner: Runner, clock: VirtualClock, until: Date): Promise<void> {
  for (;;) {
    await runner.drain();
    const due = await runner.nextDue();
    if (due === undefined || due > until) break;
    if (due > clock.now()) clock.moveTo(due);
  }
  clock.moveTo(until);
  await runner.drain();
}
