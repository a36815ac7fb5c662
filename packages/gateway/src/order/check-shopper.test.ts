import { describe, expect, test } from 'vitest';
import { Fault } from '../fault.ts';
import { checkShopper } from './check-shopper.ts';

const faultOf = (userEmail: string, userPhone?: string): string | undefined => {
  try {
    checkShopper({ userEmail, userPhone });
  } catch (error) {
    if (error instanceof Fault) return error.fault;
    throw error;
  }
  return undefined;
};

describe('no shopper is turned away for an address that may be one', () => {
  test.each([
    'a@example.com',
    'user+tag@sub.example.co',
    'üser@exämple.com',
    'e2e@test.com',
    "o'neil@examples.com",
    'a@b',
  ])('e-mail %s', (userEmail) => expect(faultOf(userEmail)).toBeUndefined());
  test.each([
    '',
    '+62-08990013157',
    '08990013157',
    '+1 (415) 555-0100',
    '+49 89/123.456',
    '+1 415 555 0100 ext. 7',
    '110',
  ])('phone %j', (userPhone) => expect(faultOf('a@example.com', userPhone)).toBeUndefined());
});

describe('what can be no address is told by its code', () => {
  test.each(['nobody', '@example.com', 'a@', 'a@b@c', 'a b@example.com', ' '])('e-mail %j', (userEmail) =>
    expect(faultOf(userEmail)).toBe('EMAIL_INVALID'),
  );
  test.each(['none', 'a@example.com', '+', '12-34-x', '🙂'])('phone %j', (userPhone) =>
    expect(faultOf('a@example.com', userPhone)).toBe('PHONE_INVALID'),
  );
});
