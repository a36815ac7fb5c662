/**
 * Named points of the roads of bind and pay at which a test may kill the process, as a power cut would. Nothing happens
 * unless a point is armed, which only the sandbox can do. The list is what the crash tests walk through.
 */

export const crashPoints = [
  'tokenization/session-created',
  'payment/before-intent',
  'payment/intent-committed',
  'payment/connector-answered',
  'payment/outcome-committed',
  'webhook/before-send',
  'webhook/answered',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

let armed: string | undefined;

/** Arms one point; undefined disarms. */
export function armCrashPoint(name: string | undefined): void {
  armed = name;
}

/** Ends the process at once, without any clean-up, when this point is armed. */
export function crashPoint(name: CrashPoint): void {
  if (armed === name) process.kill(process.pid, 'SIGKILL');
}
