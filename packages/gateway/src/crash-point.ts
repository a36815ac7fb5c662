/**
 * Named points of the roads of bind and pay at which a test may kill the process, the database server or both, as a
 * power cut would. Nothing happens unless a point is armed, which only the sandbox can do. The list is what the crash
 * tests walk through.
 */
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const crashPoints = [
  'tokenization/before-session',
  'tokenization/session-created',
  'payment/before-intent',
  'payment/intent-committed',
  'payment/connector-answered',
  'payment/outcome-committed',
  'webhook/before-send',
  'webhook/answered',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

let armed: { readonly victim: string; readonly point: string; readonly home: string } | undefined;

/**
 * Arms one point, for one death.
 *
 * @param order - `<victim>@<point>`, the victim being `gateway`, `database` or `both`, e.g. `both@payment/intent-committed`;
 *   a point of payments may name what is done, e.g. `gateway@payment/intent-committed:refund`; undefined disarms
 * @param home - where the embedded server keeps its data folder
 */
export function armCrashPoint(order: string | undefined, home: string): void {
  const [victim, point] = (order ?? '').split('@');
  armed = victim && point ? { victim, point, home } : undefined;
}

/**
 * Kills what is armed for this point, at once and without any clean-up.
 *
 * @param act - what is being done there, for points that several acts pass
 */
export function crashPoint(name: CrashPoint, act?: string): void {
  if (armed === undefined || ![name, `${name}:${act}`].includes(armed.point)) return;
  const { victim, home } = armed;
  armed = undefined;
  // Written at once: what is buffered dies with the process.
  writeSync(2, `crash point reached: ${victim}@${name}\n`);
  if (victim !== 'gateway') process.kill(postmasterOf(home), 'SIGKILL');
  if (victim !== 'database') process.kill(process.pid, 'SIGKILL');
}

const postmasterOf = (home: string): number =>
  Number(readFileSync(join(home, 'database', 'postmaster.pid'), 'utf8').split('\n')[0]);
