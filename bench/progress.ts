/** What a run tells on its way. */
import type { Result } from './measure.ts';

export const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** What goes on until the next line. */
export const sayPhase = (text: string): void => say(`      ${text} …`);

/** A result on a line. @param name - its own when absent */
export function show(result: Result, name = result.name): Result {
  const { requestsPerSecond, ratio, p50, p99, cpu } = result;
  const micros = Object.entries(cpu).map(([process, value]) => `${process} ${value.toFixed(0)}`);
  const times = `  p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  µs: ${micros.join(', ')}`;
  say(
    `  ${name.padEnd(38)} ${requestsPerSecond.toFixed(0).padStart(6)}/s  ${(100 * ratio).toFixed(1).padStart(5)} % of the limit` +
      (Number.isNaN(p50) ? '' : times),
  );
  return result;
}

export const counted = (count: number, what: string): string => `${Math.ceil(count).toLocaleString('en')} ${what}`;
