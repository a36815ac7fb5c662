import { expect, test } from 'vitest';
import type { AuthenticationStatus } from './authentication.ts';
import { mayGoOn } from './result.ts';

test.each<[AuthenticationStatus, boolean, boolean]>([
  ['AUTHENTICATED', true, true],
  ['UNAVAILABLE', true, false],
  ['FAILED', false, false],
  ['EXPIRED', false, false],
  ['CREATED', false, false],
  ['CHALLENGE', false, false],
])('%s lets a payment go on: %s, and where the shopper must be asked: %s', (status, freely, mandated) => {
  expect([mayGoOn({ status, mandated: false }), mayGoOn({ status, mandated: true })]).toEqual([freely, mandated]);
});
