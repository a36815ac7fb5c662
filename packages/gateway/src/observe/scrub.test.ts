import { describe, expect, test } from 'vitest';
import { scrub } from './scrub.ts';

describe('a card number does not get through', () => {
  test.each([
    ['plain', 'card 4111111111111111 declined', 'card [pan] declined'],
    ['spaced', 'card 4111 1111 1111 1111.', 'card [pan].'],
    ['dashed', '4111-1111-1111-1111', '[pan]'],
    ['in JSON', '{"pan":"4111111111111111"}', '{"pan":"[pan]"}'],
    ['of 13 digits', '4222222222222', '[pan]'],
    ['of 15 digits', '378282246310005', '[pan]'],
    ['of 19 digits', '6205500000000000004', '[pan]'],
    ['twice', '4111111111111111,5555555555554444', '[pan],[pan]'],
    ['after a digit that belongs to something else', '1 4111111111111111', '1 [pan]'],
    ['before a digit that belongs to something else', '4111111111111111 1', '[pan] 1'],
    ['next to another', '4111111111111111 5555555555554444', '[pan] [pan]'],
    ['between two others', '7 4111 1111 1111 1111 12/2030', '7 [pan] 12/2030'],
    ['in what is longer than an id', 'x01756934-8848-71a9-926c-e31d5562143f', 'x[pan]a9-926c-e31d5562143f'],
    ['with its expiry behind it', '4111111111111111 12/2030', '[pan] 12/2030'],
  ])('%s', (_form, text, expected) => expect(scrub(text)).toBe(expected));
});

describe('what is no card number stays readable', () => {
  test.each([
    '4111111111111112',
    '411111******1111',
    '2026-11-23T12:00:00.000Z',
    '12345678901234567890123456789012345678901234567890',
    '"time":1763899200000,"ms":12',
    '019ab2c4-5d6e-7f80-9123-456789abcdef',
    '019ac8f0-1234-7981-8873-9606faa0d8b1',
    '"id":"01756934-8848-71A9-926C-E31D5562143F"',
    'A20261123120000abcDEF123456789',
  ])('%s', (text) => expect(scrub(text)).toBe(text));
});
