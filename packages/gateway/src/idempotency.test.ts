import { describe, expect, test } from 'vitest';
import { requestFingerprint } from './idempotency.ts';

const request = {
  paymentRequestId: 'p1',
  orderAmount: '100.00',
  orderRequestedAt: '2026-11-30T12:00:00.000Z',
  userInfo: { userId: 'u_漢', requestedAt: 'kept' },
  goods: [{ b: 2, a: null }, 'é"\\'],
};
const of = (changed: object = {}): string => requestFingerprint({ ...request, ...changed }).toString('hex');

describe('the fingerprint of a request', () => {
  test('is the one that earlier versions stored: after an upgrade a repeat is still a repeat', () => {
    expect(of()).toBe('1f8ea22978b261f67bc4248c022c8a42c9d93530961212dfe69ce578416cd488');
  });

  test.each([
    ['its members in another order', { userInfo: { requestedAt: 'kept', userId: 'u_漢' }, paymentRequestId: 'p1' }],
    ['another moment at which the client says to ask', { orderRequestedAt: '2027-01-01T00:00:00.000Z' }],
    ['a member that is not there', { orderDescription: undefined }],
  ])('is the same with %s', (_, changed) => {
    const turned = Object.fromEntries(Object.entries({ ...request, ...changed }).reverse());
    expect(requestFingerprint(turned).toString('hex')).toBe(of());
  });

  test.each([
    ['another amount', { orderAmount: '100.01' }],
    ['a number in the place of a text', { orderAmount: 100 }],
    ['a moment that is not the client’s own', { userInfo: { userId: 'u_漢', requestedAt: 'changed' } }],
    ['its goods in another order', { goods: [...request.goods].reverse() }],
    ['null where nothing was', { orderDescription: null }],
    ['a member one level higher', { userInfo: { requestedAt: 'kept' }, userId: 'u_漢' }],
  ])('is another one with %s', (_, changed) => {
    expect(of(changed)).not.toBe(of());
  });
});
