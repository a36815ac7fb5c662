import { describe, expect, test } from 'vitest';
import { attemptDelaysMs, nextAttemptAt } from './retry-schedule.ts';

/** Seconds after the event, as the contract publishes them (18.3), added up. */
const published = [0, 30, 90, 330, 2_130, 16_530, 45_330, 74_130];

describe('the retry schedule', () => {
  test('is the published one: eight attempts over 20.6 hours', () => {
    const moments: number[] = [];
    let at: Date | undefined = new Date(0);
    for (let attempt = 1; at !== undefined && attempt < 20; attempt++) {
      moments.push(at.getTime() / 1_000);
      at = nextAttemptAt(attempt, at);
    }
    expect(moments).toEqual(published);
    expect(attemptDelaysMs).toHaveLength(8);
  });

  test('ends after the eighth attempt', () => {
    expect(nextAttemptAt(7, new Date(0))).toEqual(new Date(8 * 3_600_000));
    expect(nextAttemptAt(8, new Date(0))).toBeUndefined();
  });
});
