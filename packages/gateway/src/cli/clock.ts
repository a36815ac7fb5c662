/** `waffo clock`: lets time pass for a merchant of the sandbox, with all that falls due on the way done by the running gateway. */
import { Command } from 'commander';
import { configFrom } from '../config.ts';
import { withGround } from '../ground.ts';
import type { ClockDeps } from '../job/merchant-clock.ts';
import {
  advanceClock,
  type ClockView,
  freezeClock,
  type Journey,
  journey,
  releaseClock,
  showClock,
  stillness,
  type Trip,
} from '../job/travel.ts';
import { printLines } from './print.ts';
import { type Progress, startProgress } from './progress.ts';

export const clockCommand = (): Command =>
  new Command('clock')
    .description('let time pass for a merchant of the sandbox')
    .addCommand(
      new Command('show')
        .description('what time a merchant lives in, and when something of it falls due next')
        .argument('<merchant>')
        .action((merchantId: string) => withClock((deps) => showClock(deps, merchantId))),
    )
    .addCommand(
      new Command('freeze')
        .description('make its clock stand still')
        .argument('<merchant>')
        .argument('[instant]', 'where, e.g. 2027-01-01T00:00:00Z; where it is when absent')
        .action((merchantId: string, instant?: string) =>
          withClock((deps, trip) => freezeClock(deps, merchantId, momentOf(instant), trip)),
        ),
    )
    .addCommand(
      new Command('advance')
        .description('move its clock forward, doing at each moment what is due then')
        .argument('<merchant>')
        .argument(
          '[how-far]',
          '31d, 12h, 30m, 45s, or a moment such as 2027-01-01T00:00:00Z; where a trip that was cut short was going when absent',
        )
        .action((merchantId: string, wanted?: string) =>
          withClock((deps, trip) => advanceClock(deps, merchantId, journeyOf(wanted), trip)),
        ),
    )
    .addCommand(
      new Command('to-next-due')
        .description('move its clock to the moment at which something falls due next, and do it')
        .argument('<merchant>')
        .action((merchantId: string) =>
          withClock((deps, trip) => advanceClock(deps, merchantId, { toNextDue: true }, trip)),
        ),
    )
    .addCommand(
      new Command('release')
        .description('let its clock run: in real time, or on ahead of it where that would be going back')
        .argument('<merchant>')
        .action((merchantId: string) => withClock((deps, trip) => releaseClock(deps, merchantId, trip))),
    );

const aMoment = 'a moment such as 2027-03-01T00:00:00Z';

function momentOf(instant: string | undefined): string | undefined {
  const read = stillness.safeParse({ at: instant });
  if (!read.success) throw new Error(`${instant}: say ${aMoment}`);
  return read.data.at;
}

function journeyOf(wanted: string | undefined): Journey {
  if (wanted === undefined) return { resume: true };
  const read = journey.safeParse(/^\d+[a-z]$/.test(wanted) ? { by: wanted } : { to: wanted });
  if (!read.success) throw new Error(`${wanted}: say how far, such as 31d, 12h, 30m or 45s, or ${aMoment}`);
  return read.data;
}

const withClock = (act: (deps: ClockDeps, trip: Trip) => Promise<ClockView>): Promise<void> =>
  withGround(configFrom(), async (ground) => {
    const bar = barOf();
    const { state, now, nextDue, target } = await act(ground, bar).finally(bar.end);
    printLines({
      Clock: state,
      Shows: now.toISOString(),
      'Next due': nextDue?.toISOString() ?? 'nothing',
      ...(target !== null && { Target: target.toISOString() }),
    });
  });

/** Virtual time that has passed, in minutes; there is a bar from the first stop on. */
function barOf(): Trip & { end(): void } {
  let bar: Progress | undefined;
  return {
    onStop({ from, at, target }) {
      bar ??= startProgress({ noun: 'minutes', total: minutesFrom(from, target) });
      bar.update(minutesFrom(from, at));
    },
    end: () => bar?.end(),
  };
}

const minutesFrom = (from: Date, to: Date): number => Math.ceil((to.getTime() - from.getTime()) / 60_000);
