import { describe, expect, test } from 'vitest';
import { growthOf } from './kit/soak.ts';

const mb = 1_048_576;
/** A look every two seconds over so many minutes. */
const looks = (minutes: number, bytesAt: (hours: number) => number, descriptorsAt = (_: number) => 40) =>
  Array.from({ length: minutes * 30 }, (_, at) => ({
    atMs: at * 2_000,
    bytes: bytesAt(at / 1_800),
    descriptors: descriptorsAt(at),
  }));
/** The garbage of half a minute, which is no growth. */
const garbage = (hours: number) => ((hours * 3_600) % 17) * mb;

describe('growth of a process', () => {
  test('is not seen in one that only makes garbage', () => {
    const { bytesPerHour, grown } = growthOf(looks(10, (hours) => 150 * mb + garbage(hours)));
    expect(Math.abs(bytesPerHour)).toBeLessThan(mb / 2);
    expect(Math.abs(grown)).toBeLessThan(mb / 2);
  });

  test('is seen when it leaks under its garbage', () => {
    const { bytesPerHour } = growthOf(looks(60, (hours) => (150 + 6 * hours) * mb + garbage(hours)));
    expect(bytesPerHour / mb).toBeCloseTo(6, 0);
  });

  test('tells the smallest leak that would have been seen in so short a time', () => {
    const jagged = (hours: number) => 150 * mb + (Math.floor(hours * 120) % 2) * 2 * mb;
    const { swing, smallestPerHour } = growthOf(looks(10, jagged));
    expect(swing).toBe(2 * mb);
    // Twenty windows of half a minute; from the first to the last there are nineteen.
    expect(smallestPerHour).toBeCloseTo((2 * mb * 120) / 19, 0);
  });

  test('is seen in its descriptors', () => {
    const { descriptors } = growthOf(
      looks(
        10,
        () => 150 * mb,
        (at) => 40 + Math.floor(at / 30),
      ),
    );
    expect(descriptors.last - descriptors.first).toBeGreaterThan(5);
  });
});
