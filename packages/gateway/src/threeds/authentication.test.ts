import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Authentication,
  type AuthenticationEvent,
  advance,
  eventOf,
  isAbout,
  isOpen,
  transitions,
} from './authentication.ts';

const now = new Date('2026-11-23T12:00:00Z');
const created: Authentication = {
  merchantId: 'M1',
  authenticationId: 'tds_1',
  subject: { kind: 'tokenization', id: 'treq_1' },
  status: 'CREATED',
  threeDSServerTransID: 'server',
  proof: {},
  currency: 'USD',
  amountMinor: 0n,
  mandated: false,
  shown: { merchantName: 'Shop', maskedCard: '400000******1000', scheme: 'VISA', issuerName: '' },
  returnUrl: undefined,
  holderHash: Buffer.alloc(32),
  openedAt: undefined,
  expiresAt: now,
  createdAt: now,
  updatedAt: now,
};
const events: AuthenticationEvent[] = ['challenged', 'authenticated', 'refused', 'unavailable', 'expired'];

describe('an authentication', () => {
  test('that has ended never changes again, whatever comes in whichever order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 8 }), (sequence) => {
        let authentication = created;
        let end: string | undefined;
        for (const event of sequence) {
          try {
            authentication = advance(authentication, event, {}, now);
          } catch {}
          if (end !== undefined) expect(authentication.status).toBe(end);
          if (!isOpen(authentication)) end = authentication.status;
        }
      }),
    );
  });

  test('is open exactly while something may still happen to it', () => {
    for (const [status, next] of Object.entries(transitions)) {
      const open = isOpen({ ...created, status: status as Authentication['status'] });
      expect([status, open]).toEqual([status, Object.keys(next).length > 0]);
    }
  });

  test('is asked of the shopper once only', () => {
    const challenged = advance(created, 'challenged', {}, now);
    expect(() => advance(challenged, 'challenged', {}, now)).toThrow();
  });
});

describe("an issuer's verdict", () => {
  const proof = { eci: '05', authenticationValue: 'AAAA' };

  test.each([
    ['Y', 'authenticated'],
    ['A', 'unavailable'],
    ['U', 'unavailable'],
    ['N', 'refused'],
    ['R', 'refused'],
    ['C', 'challenged'],
    ['y', 'unavailable'],
    ['', 'unavailable'],
  ])('%j means %s', (transStatus, event) => {
    expect(eventOf({ ...proof, transStatus })).toBe(event);
  });

  test('of Y without its proof authenticates nobody', () => {
    expect(eventOf({ transStatus: 'Y', eci: '05' })).toBe('unavailable');
    expect(eventOf({ transStatus: 'Y', authenticationValue: 'AAAA' })).toBe('unavailable');
  });

  test('is about a transaction only when all three ids are its own', () => {
    const authentication = { ...created, proof: { acsTransID: 'acs', dsTransID: 'ds' } };
    const ids = { threeDSServerTransID: 'server', acsTransID: 'acs', dsTransID: 'ds' };
    expect(isAbout(authentication, ids)).toBe(true);
    for (const member of Object.keys(ids)) expect(isAbout(authentication, { ...ids, [member]: 'x' })).toBe(false);
  });
});
