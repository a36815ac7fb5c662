/**
 * The key pair of a tokenization session: its public half is the session id, its private half rests sealed and opens one
 * card envelope. What was encrypted to a session stays closed once the private half is gone.
 */
import { EnvelopeError } from '@waffo/protocol/envelope/error';
import { open as openEnvelope } from '@waffo/protocol/envelope/open';
import { sessionIdOf } from '@waffo/protocol/envelope/session-id';
import type { Database } from '../storage/database.ts';
import { CardBuffer } from './card-buffer.ts';
import { withNewKeyPair } from './key-pair.ts';
import type { Keyring } from './keyring.ts';
import { keyIdOf, open, seal } from './seal.ts';

/**
 * Makes the key pair of a session. Call it before a transaction begins (see `Keyring.dataKey`).
 *
 * @returns the session id and the sealed private half, to be kept in the session's own row
 * @example
 * const { sessionId, sealedPrivateKey } = await newSessionKey(gateway, { merchantId, tokenRequestId });
 */
export async function newSessionKey(
  { keyring }: { readonly keyring: Keyring },
  session: { readonly merchantId: string; readonly tokenRequestId: string },
): Promise<{ sessionId: string; sealedPrivateKey: Buffer }> {
  const key = await keyring.dataKey(session.merchantId, 'session');
  return withNewKeyPair(({ compressed, scalar }) => {
    const sessionId = sessionIdOf(compressed);
    return { sessionId, sealedPrivateKey: seal(key, bindingOf({ sessionId, ...session }), scalar) };
  });
}

/**
 * Opens what a browser encrypted to a session. Nothing is checked of the card but its form.
 *
 * @param session - as its row says; without its key nothing opens any more
 * @param jwe - the envelope as it was received
 * @returns the card, CVV included; the caller disposes of it
 * @throws EnvelopeError when it does not open, for whatever cause; SealBroken when the session's row was tampered with
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
  if (sessionId === undefined || sealedPrivateKey === undefined) throw new EnvelopeError();
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
