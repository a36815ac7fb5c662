import { expect, test } from 'vitest';
import { openPaces } from '../bench/paces.ts';

const reached = (requestsPerSecond: number, ratio: number) => ({ requestsPerSecond, ratio });

test('a run has half as many requests again as the best one before could have used', () => {
  const paces = openPaces(1_000);
  for (const share of [0.125, 0.5, 0.25]) paces.note(reached(1_000 * share, share), 'order/create');
  expect(paces.enoughFor('order/create', 10)).toBe(7_500);
  expect(paces.usual('order/create')).toBe(250);
});

test('a machine that became faster is given more, whichever row told', () => {
  const paces = openPaces(1_000);
  paces.note(reached(125, 0.125), 'order/create');
  paces.note(reached(500, 0.25));
  expect(paces.enoughFor('order/create', 10)).toBe(3_750);
});

test('before anything is known, no call is expected to reach the limit', () => {
  const paces = openPaces(1_000);
  expect(paces.usual('order/create')).toBeUndefined();
  expect(paces.enoughFor('order/create', 1)).toBeGreaterThan(300);
  expect(paces.enoughFor('order/create', 1)).toBeLessThan(1_000);
});
