import { type TokenStatus, tokenStatuses } from '@waffo/protocol/statuses';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advance, allows, type Token, type TokenEvent, transitions } from './token.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const statuses = Object.keys(tokenStatuses) as TokenStatus[];
const events: TokenEvent[] = ['authenticated', 'suspended', 'resumed', 'expired', 'renewed', 'removed'];

const tokenIn = (status: TokenStatus): Token => ({
  merchantId: 'M1',
  tokenId: 'tok_x',
  tokenRequestId: 'treq',
  merchantUserId: 'u',
  subMerchantId: undefined,
  status,
  formerStatus: status === 'SUSPENDED' || status === 'EXPIRED' ? 'VERIFIED' : undefined,
  cardId: status === 'REMOVED' ? undefined : 'card',
  card: undefined,
  billingAddress: undefined,
  notifyUrl: undefined,
  createdAt: now,
  updatedAt: now,
});

describe('a token', () => {
  test.each(statuses.flatMap((status) => events.map((event) => ({ status, event }))))(
    'in $status does on $event what the table says, or refuses',
    ({ status, event }) => {
      const next = transitions[status][event];
      const act = () => advance(tokenIn(status), event, now).status;
      if (next === undefined) expect(act).toThrow(expect.objectContaining({ fault: 'TOKEN_INVALID' }));
      else expect(act()).toBe(next === 'former' ? 'VERIFIED' : next);
    },
  );

  test('that was removed stays removed, whatever comes, and has no card', () => {
    fc.assert(
      fc.property(fc.constantFrom(...statuses), fc.array(fc.constantFrom(...events)), (status, sequence) => {
        let token = tokenIn(status);
        let removed = status === 'REMOVED';
        for (const event of sequence) {
          if (transitions[token.status][event] === undefined) continue;
          token = advance(token, event, now);
          if (removed) expect(token.status).toBe('REMOVED');
          removed ||= token.status === 'REMOVED';
        }
        if (removed) expect(token.cardId).toBeUndefined();
      }),
    );
  });

  test('that was held back or expired comes back as what it was, through any detour', () => {
    const detours = fc.array(fc.constantFrom<TokenEvent>('suspended', 'resumed', 'expired', 'renewed'));
    fc.assert(
      fc.property(fc.constantFrom<TokenStatus>('UNVERIFIED', 'VERIFIED'), detours, (status, sequence) => {
        let token = tokenIn(status);
        for (const event of sequence) if (allows(token, event)) token = advance(token, event, now);
        const chargeable = ['UNVERIFIED', 'VERIFIED'].includes(token.status);
        expect(chargeable ? token.status : token.formerStatus).toBe(status);
        expect(token.formerStatus === undefined).toBe(chargeable);
      }),
    );
  });

  test('leaves a final status by no row of the table', () => {
    for (const status of statuses.filter((name) => tokenStatuses[name].final)) expect(transitions[status]).toEqual({});
  });
});
