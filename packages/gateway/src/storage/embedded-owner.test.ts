import { expect, test } from 'vitest';
import { ownerIn, ownerMark } from './embedded-owner.ts';

test('a server left to pid 1 by gateway 12345 is not mistaken for the server of gateway 1', () => {
  expect(ownerIn(`postgres\0-D\0/data\0-c\0${ownerMark(12_345)}\0`)).toBe(12_345);
  expect(ownerIn(`postgres -D /data -c ${ownerMark(1)}`)).toBe(1);
  expect(ownerIn('postgres -D /data')).toBeNaN();
});
