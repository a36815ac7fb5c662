/**
 * A card on its way between vaults, as one JSON object: the number in clear, inside an envelope and nowhere else. The text
 * of a PAN cannot be wiped, so nobody may keep what is read here. It must never put anything of a card into a reason.
 */
import { parseExpiry, passesLuhn, schemeOf } from '@waffo/protocol/card';
import { billingAddress } from '@waffo/protocol/operations/members';
import { z } from 'zod';
import { CardBuffer } from './card-buffer.ts';
import { TransferRefused } from './transfer-envelope.ts';

const line = z.strictObject({
  id: z.string().regex(/^[\x21-\x7e]{1,64}$/, 'give 1 to 64 visible ASCII characters without blanks'),
  merchantUserId: z.string().min(1, 'give the user').max(64, 'at most 64 characters'),
  pan: z.string().regex(/^\d{12,19}$/, 'give 12 to 19 digits'),
  expiry: z.string().refine((text) => parseExpiry(text) !== undefined, 'give MM/YYYY'),
  name: z.string().max(128, 'at most 128 characters').optional(),
  billingAddress: billingAddress.optional(),
  authenticated: z.boolean().optional(),
});

/** What moves. */
export interface MovingCard {
  /** By what the other vault knew it; 1 to 64 visible ASCII characters. */
  readonly id: string;
  readonly merchantUserId: string;
  /** Whether its issuer once authenticated the holder strongly. */
  readonly authenticated: boolean;
  readonly billingAddress: z.infer<typeof billingAddress> | undefined;
  /** Its owner disposes of it. */
  readonly card: CardBuffer;
}

/** A line that was read but is not taken; `id` is absent where it might be a card number. */
export class MovingCardRefused extends TransferRefused {
  readonly id: string | undefined;
  constructor(message: string, id?: string) {
    super(message);
    this.id = id;
  }
}

/**
 * @param plaintext - wiped by the caller
 * @throws MovingCardRefused that names the member which does not fit
 */
export function readMovingCard(plaintext: Buffer): MovingCard {
  const value = parsed(plaintext);
  const read = line.safeParse(value);
  if (!read.success) throw new MovingCardRefused(reasonOf(read.error, value), harmlessId(value));
  const { id, merchantUserId, pan, expiry, name = '', billingAddress: address, authenticated = false } = read.data;
  const holds = [id, merchantUserId].some((text) => text.replace(/\D/g, '').includes(pan));
  if (holds) throw new MovingCardRefused('id: holds the card number; ids are kept and shown in clear');
  const month = parseExpiry(expiry);
  if (month === undefined) throw new MovingCardRefused('expiry: give MM/YYYY', id);
  try {
    const card = CardBuffer.fromText({ pan, expiry: month, cvv: undefined, name });
    return { id, merchantUserId, authenticated, billingAddress: address, card };
  } catch {
    throw new MovingCardRefused('name: too long, or with control characters', id);
  }
}

/** @returns what `readMovingCard` reads; the caller wipes it */
export function writtenMovingCard({ card, ...moving }: MovingCard): Buffer {
  const expiry = `${String(card.expiryMonth).padStart(2, '0')}/${card.expiryYear}`;
  const { id, merchantUserId, authenticated, billingAddress: address } = moving;
  return Buffer.from(
    JSON.stringify({
      id,
      merchantUserId,
      pan: card.pan.toString('latin1'),
      expiry,
      ...(card.name !== '' && { name: card.name }),
      ...(address && { billingAddress: address }),
      ...(authenticated && { authenticated }),
    }),
  );
}

function parsed(plaintext: Buffer): unknown {
  try {
    return JSON.parse(plaintext.toString());
  } catch {
    throw new MovingCardRefused('the content is no JSON object');
  }
}

function reasonOf(error: z.ZodError, value: unknown): string {
  if (typeof value === 'object' && value !== null && ('cvv' in value || 'cvc' in value)) {
    return 'cvv: security codes may not be kept after their payment; leave it out';
  }
  const [issue] = error.issues;
  // The name of an unknown member came with the card: it is not repeated.
  if (issue?.code === 'unrecognized_keys') return 'a member is not known; the guide lists those that are';
  const path = issue?.path.join('.') ?? '';
  if (path === '') return 'the content is no JSON object';
  return `${path}: ${issue?.code === 'invalid_type' ? 'absent, or of another type' : issue?.message}`;
}

/** The id of a line whose other members do not fit: perhaps they were mistaken for each other. */
function harmlessId(value: unknown): string | undefined {
  const { id } = { ...(value as { id?: unknown }) };
  if (typeof id !== 'string' || !line.shape.id.safeParse(id).success) return undefined;
  const digits = id.replace(/\D/g, '');
  const looksLikeCard = digits.length >= 12 && (schemeOf(digits) !== undefined || passesLuhn(digits));
  return looksLikeCard ? undefined : id;
}
