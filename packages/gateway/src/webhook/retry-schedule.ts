/** When a notification is tried (contract 18.3). A table and one look into it; no clock, no randomness. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** How long each attempt waits, in ms from the start of the one before; the first one from the event. About 20.6 hours in all. */
export const attemptDelaysMs: readonly number[] = [
  0,
  30 * second,
  1 * minute,
  4 * minute,
  30 * minute,
  4 * hour,
  8 * hour,
  8 * hour,
];

/**
 * @param attempt - the number of the attempt that was not acknowledged, 1 for the first
 * @param startedAt - when it began
 * @returns when the next one is due; undefined when it was the last
 * @example nextAttemptAt(1, new Date('2026-01-01T00:00:00Z')) // 00:00:30
 */
export function nextAttemptAt(attempt: number, startedAt: Date): Date | undefined {
  const delayMs = attemptDelaysMs[attempt];
  return delayMs === undefined ? undefined : new Date(startedAt.getTime() + delayMs);
}
