import { expect, test } from 'vitest';
import { groupDigits, withSlash } from './card-format.ts';

test.each([
  ['4', '4'],
  ['41111', '4111 1'],
  ['4111-1111 1111 1111', '4111 1111 1111 1111'],
  ['378282246310005', '3782 822463 10005'],
  ['36148900647913', '3614 890064 7913'],
  ['6200000000000000003', '6200 0000 0000 0000 003'],
  ['', ''],
  ['4111 x', '4111 x'],
])('a number that is typed as %j stands as %j', (typed, shown) => {
  expect(groupDigits(typed)).toBe(shown);
});

test.each([
  ['0', '0'],
  ['1', '1'],
  ['9', '09/'],
  ['09', '09/'],
  ['09//', '09/'],
  ['0928', '09/28'],
  ['092028', '09/2028'],
  ['9/28', '09/28'],
  ['12 / 30', '12/30'],
  ['12-30', '12/30'],
  ['1/28', '1/28'],
  ['20', '20'],
])('an expiry that is typed as %j stands as %j', (typed, shown) => {
  expect(withSlash(typed)).toBe(shown);
});
