/** Rotation as an operator does it, beside a gateway at work. `npm run prove:rotation` does it with every key and 10,000 cards. */
import { expect, test } from 'vitest';
import { rotateUnderLoad } from '../../kit/rotation.ts';

test('a rotation that is killed and given again fails no request and leaves nothing behind', async () => {
  const cards = 100;
  const figures = await rotateUnderLoad({ cards, rotate: ['card'], kill: ['card'], rate: 10 });
  expect(figures).toMatchObject({ failed: { count: 0, first: [] }, resumed: 1, undecryptable: 0, onOldKeys: 0 });
  expect(figures.kills).toHaveLength(1);
  expect(figures.binds).toBeGreaterThan(0);
  // The cards, and their fingerprints.
  expect(figures.opened).toBeGreaterThan(2 * cards);
});
