/**
 * A card in memory: bytes that can be wiped, never a string, never printed. Whoever makes one disposes of it. A card from
 * the vault has no CVV; one that was just submitted may have.
 */
import { inspect } from 'node:util';
import { type Expiry, maskPan, type Scheme, schemeOf } from '@waffo/protocol/card';
import { decodeRecord, encodeRecord } from '@waffo/protocol/envelope/record';

const shown = '[card]';

/** What may be known of a card outside the vault. */
export interface CardDescription {
  /** Six digits. */
  readonly bin: string;
  readonly last4: string;
  /** First six, six stars, last four. */
  readonly masked: string;
  readonly scheme: Scheme | undefined;
}

export class CardBuffer {
  readonly #record: Buffer;
  readonly #pan: Buffer;
  readonly #cvv: Buffer | undefined;
  readonly expiryMonth: number;
  readonly expiryYear: number;
  readonly name: string;

  /**
   * @param record - the 256-byte card record, owned and wiped by this object from now on
   * @throws EnvelopeError when the bytes are no card record
   */
  constructor(record: Uint8Array) {
    this.#record = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
    try {
      const { pan, cvv, expiryMonth, expiryYear, name } = decodeRecord(record);
      this.#pan = view(pan);
      this.#cvv = cvv && view(cvv);
      this.expiryMonth = expiryMonth;
      this.expiryYear = expiryYear;
      this.name = name;
    } catch (error) {
      this.#record.fill(0);
      throw error;
    }
  }

  /**
   * From text, the road of PCI-certified merchants. The strings cannot be wiped; nobody else may keep them.
   *
   * @throws EnvelopeError when a member does not fit
   */
  static fromText(card: { pan: string; expiry: Expiry; cvv: string | undefined; name: string }): CardBuffer {
    const expiry = `${String(card.expiry.month).padStart(2, '0')}/${card.expiry.year}`;
    return new CardBuffer(encodeRecord({ ...card, expiry }));
  }

  /** ASCII digits; a view, zero after `dispose`. */
  get pan(): Buffer {
    return this.#pan;
  }

  /** ASCII digits; a view, zero after `dispose`. */
  get cvv(): Buffer | undefined {
    return this.#cvv;
  }

  describe(): CardDescription {
    const pan = this.#pan;
    const last4 = pan.toString('latin1', pan.length - 4);
    return { bin: pan.toString('latin1', 0, 6), last4, masked: maskPan(pan), scheme: schemeOf(pan) };
  }

  /** The record without its CVV: what rests in the vault. The caller wipes it. */
  recordToStore(): Buffer {
    const copy = Buffer.from(this.#record);
    // Offsets of the record format: CVV length and four bytes (see protocol/envelope/record).
    copy.fill(0, 24, 29);
    return copy;
  }

  /** Wipes the card. */
  dispose(): void {
    this.#record.fill(0);
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
