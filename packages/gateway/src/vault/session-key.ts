/**
 * The key pair of a tokenization session: its public half is the session id, its private half rests sealed and opens one
 * card envelope. What was encrypted to a session stays closed once the private half is gone.
 */
import { createECDH } from 'node:crypto';
import { open as openEnvelope } from '@waffo/protocol/envelope/open';
import { sessionIdOf } from '@waffo/protocol/envelope/session-id';
import type { Database } from '../storage/database.ts';
import { CardBuffer } from './card-buffer.ts';
import type { Keyring } from './keyring.ts';
import { keyIdOf, open, seal } from './seal.ts';

const scalarBytes = 32;

/** @returns the session id and the sealed private half, to be kept in the session's own row */
export async function newSessionKey(
  { keyring }: { readonly keyring: Keyring },
  session: { readonly merchantId: string; readonly tokenRequestId: string },
): Promise<{ sessionId: string; sealedPrivateKey: Buffer }> {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  const sessionId = sessionIdOf(pair.getPublicKey(null, 'compressed'));
  const scalar = Buffer.alloc(scalarBytes);
  const bare = pair.getPrivateKey();
  bare.copy(scalar, scalarBytes - bare.length);
  const key = await keyring.dataKey(session.merchantId, 'session');
  const sealedPrivateKey = seal(key, bindingOf({ ...session, sessionId }), scalar);
  bare.fill(0);
  scalar.fill(0);
  return { sessionId, sealedPrivateKey };
}

/**
 * Opens what a browser encrypted to a session.
 *
 * @returns the card, CVV included; the caller disposes of it
 * @throws EnvelopeError when it does not open, for whatever cause
 */
export async function openSubmittedCard(
  { keyring, database }: { readonly keyring: Keyring; readonly database: Database },
  session: {
    readonly merchantId: string;
    readonly tokenRequestId: string;
    readonly sessionId: string | undefined;
    readonly sealedPrivateKey: Buffer | undefined;
  },
  jwe: string,
): Promise<CardBuffer> {
  const { merchantId, tokenRequestId, sessionId, sealedPrivateKey } = session;
  if (sessionId === undefined || sealedPrivateKey === undefined) throw new Error('the session has no key any more');
  const key = await keyring.dataKeyById(database, merchantId, keyIdOf(sealedPrivateKey));
  const scalar = open(key, bindingOf({ merchantId, tokenRequestId, sessionId }), sealedPrivateKey);
  try {
    return new CardBuffer(openEnvelope(jwe, sessionId, scalar));
  } finally {
    scalar.fill(0);
  }
}

const bindingOf = ({
  merchantId,
  tokenRequestId,
  sessionId,
}: {
  merchantId: string;
  tokenRequestId: string;
  sessionId: string;
}) => ({ purpose: 'session', merchantId, recordId: `${tokenRequestId}/${sessionId}` }) as const;
