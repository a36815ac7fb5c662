import { createECDH } from 'node:crypto';
import { EnvelopeError } from '@waffo/protocol/envelope/error';
import { seal as sealEnvelope } from '@waffo/protocol/envelope/seal';
import { pointOf } from '@waffo/protocol/envelope/session-id';
import { CompactEncrypt, importJWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { newTestKek } from '../../../../test/kit/kek.ts';
import { realClock } from '../clock.ts';
import { type Keyring, openKeyring } from './keyring.ts';
import { keyIdOf, open, SealBroken } from './seal.ts';
import { newSessionKey, openSubmittedCard } from './session-key.ts';

const card = { pan: '4012888888881881', expiry: '09/2031', cvv: '738', name: 'ADA LOVELACE' };
const of = { merchantId: 'M1', tokenRequestId: 'bind-1' };

let deps: { database: TestDatabase; keyring: Keyring };
beforeAll(async () => {
  const database = await freshDatabase();
  const kek = newTestKek();
  deps = { database, keyring: await openKeyring({ database, kek, clock: realClock }) };
});

const newSession = async (session = of) => ({ ...session, ...(await newSessionKey(deps, session)) });
const scalarOf = async ({ sealedPrivateKey, sessionId }: { sealedPrivateKey: Buffer; sessionId: string }) => {
  const key = await deps.keyring.dataKeyById(deps.database, 'M1', keyIdOf(sealedPrivateKey));
  return open(key, { purpose: 'session', merchantId: 'M1', recordId: `bind-1/${sessionId}` }, sealedPrivateKey);
};

describe('a session', () => {
  test('opens what the browser sealed to its id, CVV included', async () => {
    const session = await newSession();
    const opened = await openSubmittedCard(deps, session, await sealEnvelope(session.sessionId, card));
    expect([opened.pan.toString(), opened.cvv?.toString(), opened.name]).toEqual([card.pan, card.cvv, card.name]);
    expect([opened.expiryMonth, opened.expiryYear]).toEqual([9, 2031]);
    opened.dispose();
  });

  test('is its public key: the id is the point of the private half that rests with it', async () => {
    for (let i = 0; i < 5; i++) {
      const session = await newSession();
      const pair = createECDH('prime256v1');
      const scalar = await scalarOf(session);
      expect(scalar).toHaveLength(32);
      pair.setPrivateKey(scalar);
      expect(pair.getPublicKey()).toEqual(Buffer.from(pointOf(session.sessionId)));
    }
  });

  test('has a key of its own, even for the same binding', async () => {
    expect((await newSession()).sessionId).not.toBe((await newSession()).sessionId);
  });
});

describe('an envelope does not open', () => {
  test('in another session', async () => {
    const [mine, other] = [await newSession(), await newSession({ ...of, tokenRequestId: 'bind-2' })];
    const jwe = await sealEnvelope(mine.sessionId, card);
    await expect(openSubmittedCard(deps, other, jwe)).rejects.toThrow(EnvelopeError);
  });

  test('once the private half is destroyed', async () => {
    const session = await newSession();
    const jwe = await sealEnvelope(session.sessionId, card);
    for (const gone of [{ sealedPrivateKey: undefined }, { sessionId: undefined }]) {
      await expect(openSubmittedCard(deps, { ...session, ...gone }, jwe)).rejects.toThrow(EnvelopeError);
    }
  });

  test('when it holds something else than a card', async () => {
    const session = await newSession();
    const point = Buffer.from(pointOf(session.sessionId));
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
    const key = await importJWK({ kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, 'ECDH-ES');
    for (const content of [Buffer.alloc(256, 0xff), Buffer.alloc(256), Buffer.from('{"pan":"4012888888881881"}')]) {
      const jwe = new CompactEncrypt(content).setProtectedHeader({
        alg: 'ECDH-ES',
        enc: 'A256GCM',
        kid: session.sessionId,
      });
      const attempt = openSubmittedCard(deps, session, await jwe.encrypt(key));
      await expect(attempt).rejects.toThrow('the card envelope cannot be opened');
    }
  });

  test.each(['', '....', 'not an envelope', '9'.repeat(5_000)])('when it is none (%#)', async (jwe) => {
    await expect(openSubmittedCard(deps, await newSession(), jwe)).rejects.toThrow(EnvelopeError);
  });
});

describe('a private half that was moved does not open', () => {
  test('to another merchant, binding or session', async () => {
    const [mine, other] = [await newSession(), await newSession({ ...of, tokenRequestId: 'bind-2' })];
    const stranger = await newSession({ ...of, merchantId: 'M2' });
    const swaps = [
      { ...mine, tokenRequestId: 'bind-2' },
      { ...other, sealedPrivateKey: mine.sealedPrivateKey },
      { ...mine, sessionId: other.sessionId },
    ];
    for (const session of swaps) {
      const jwe = await sealEnvelope(session.sessionId, card);
      await expect(openSubmittedCard(deps, session, jwe)).rejects.toThrow(SealBroken);
    }
    const jwe = await sealEnvelope(mine.sessionId, card);
    const given = { ...stranger, sessionId: mine.sessionId, sealedPrivateKey: mine.sealedPrivateKey };
    await expect(openSubmittedCard(deps, given, jwe)).rejects.toThrow('names a data key that is not there');
  });
});
