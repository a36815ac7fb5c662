import { expect, test } from 'vitest';
import { niceAbove, plot } from '../bench/plot.ts';

test('a scale ends at a round number that no value exceeds, and its lines have round numbers, too', () => {
  const ends = [0.3, 1, 1.1, 2.2, 26, 51, 99, 100, 239, 1_001].map(niceAbove);
  expect(ends.map((end) => Number(end.toPrecision(6)))).toEqual([0.3, 1, 2, 3, 30, 60, 100, 100, 300, 2_000]);
  expect(niceAbove(0)).toBe(1);
});

test('each value has its mark at its height, and each series its name and its own mark', () => {
  const panel = {
    title: 'times, ms',
    series: [
      { name: 'first', values: [0, 5, 10] },
      { name: 'second', values: [10, 5, 0] },
    ],
  };
  const picture = plot('A run', ['1', '4', '16'], 'connections', [panel]);
  const heights = [...picture.matchAll(/<circle class="mark" cx="[\d.]+" cy="([\d.]+)"/g)].map(([, y]) => Number(y));
  expect(heights).toHaveLength(3);
  expect(heights[0]).toBeGreaterThan(heights[1] ?? 0);
  expect((heights[0] ?? 0) - (heights[1] ?? 0)).toBeCloseTo((heights[1] ?? 0) - (heights[2] ?? 0), 1);
  expect(picture.match(/<rect class="mark"/g)).toHaveLength(4);
  for (const word of ['times, ms', 'first', 'second', '>16<', 'connections']) expect(picture).toContain(word);
  expect(picture).not.toContain('NaN');
});

test('the last step is named in full, though its text is centred below the last mark', () => {
  const panel = { title: 'times, ms', series: [{ name: 'only', values: [1, 2] }] };
  const picture = plot('A run', ['10,000', '1,000,000'], 'rows', [panel]);
  const whole = Number(/viewBox="0 0 (\d+) /.exec(picture)?.[1]);
  const middle = Number(/<text x="([\d.]+)"[^>]*>1,000,000</.exec(picture)?.[1]);
  // A digit of 12 pixels is at most 7 wide.
  expect(middle + (7 * '1,000,000'.length) / 2).toBeLessThanOrEqual(whole);
});
