/**
 * How far long work has come: on a terminal a bar that moves, elsewhere a plain line every few seconds, so that a log
 * stays readable. Both say the rate and the time that is left.
 */
import { type Options, type Params, SingleBar } from 'cli-progress';

export interface Progress {
  /** @param done - items finished so far, out of `total` */
  update(done: number): void;
  /** Leaves the last state on the screen. */
  end(): void;
}

export interface ProgressOptions {
  /** What is counted, in the plural, e.g. `cards`. */
  readonly noun: string;
  readonly total: number;
  /** Standard error when absent: standard output is for results. */
  readonly stream?: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Time between two plain lines, in milliseconds. */
  readonly everyMs?: number;
}

const barWidth = 24;

/**
 * @example
 * const progress = startProgress({ noun: 'cards', total: 10_000 });
 * for await (const done of batches()) progress.update(done);
 * progress.end();
 */
export function startProgress(options: ProgressOptions): Progress {
  const { noun, total, stream = process.stderr, everyMs = 5_000 } = options;
  const plain = stream.isTTY !== true;
  const bar = new SingleBar({
    format: (_options: Options, at: Params) => `  ${plain ? '' : `${drawn(at.progress)} `}${facts(at, noun)}`,
    stream,
    noTTYOutput: true,
    notTTYSchedule: everyMs,
    // An interrupt must end the work, not only the bar, and leave the terminal as it was.
    gracefulExit: false,
    linewrap: true,
    etaBuffer: 100,
  });
  bar.start(total, 0);
  return { update: (done) => bar.update(done), end: () => bar.stop() };
}

const drawn = (share: number): string => {
  const full = Math.round(share * barWidth);
  return '█'.repeat(full) + '░'.repeat(barWidth - full);
};

function facts({ value, total, progress, eta }: Params, noun: string): string {
  const part = `${Math.floor(progress * 100)} %  ${value} of ${total} ${noun}`;
  const left = Number(eta);
  return left > 0 ? `${part}  ${perSecond((total - value) / left)}${time(left)} left` : part;
}

const perSecond = (rate: number): string =>
  Number.isFinite(rate) ? `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s  ` : '';

function time(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.round((seconds % 3_600) / 60)} min`;
}
