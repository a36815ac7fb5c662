/**
 * A card in memory: bytes that can be wiped, never a string, never printed. Whoever makes one disposes of it; after that
 * it gives out nothing any more. A card from the vault has no CVV; one that was just submitted may have. Whether the
 * number is a good one is not looked at here.
 */
import { inspect } from 'node:util';
import { type Expiry, maskPan, type Scheme, schemeOf } from '@waffo/protocol/card';
import { type CardRecord, cvvOffset, decodeRecord, encodeRecord, panOffset } from '@waffo/protocol/envelope/record';

const shown = '[card]';

/** What may be known of a card outside the vault. */
export interface CardDescription {
  /** Six digits. */
  readonly bin: string;
  readonly last4: string;
  /** First six, stars, last four. */
  readonly masked: string;
  readonly scheme: Scheme | undefined;
}

export class CardBuffer {
  readonly #record: Buffer;
  #content: CardRecord | undefined;

  /**
   * @param record - the 256-byte card record, owned by this object from now on, which wipes it
   * @throws EnvelopeError when the bytes are no card record; they are wiped then too
   * @example
   * const card = new CardBuffer(record);
   * try { await use(card) } finally { card.dispose() }
   */
  constructor(record: Uint8Array) {
    this.#record = view(record);
    try {
      this.#content = decodeRecord(record);
    } catch (error) {
      this.#record.fill(0);
      throw error;
    }
  }

  /**
   * From text, the road of PCI-certified merchants. The strings cannot be wiped; nobody else may keep them.
   *
   * @param card.pan - 12 to 19 digits
   * @param card.cvv - 3 or 4 digits
   * @param card.name - may be empty; at most 226 bytes in UTF-8
   * @throws EnvelopeError that names the member which does not fit
   */
  static fromText(card: { pan: string; expiry: Expiry; cvv: string | undefined; name: string }): CardBuffer {
    return new CardBuffer(encodeRecord({ ...card, expiry: textOf(card.expiry) }));
  }

  /** ASCII digits; a view, all zero after `dispose`. */
  get pan(): Buffer {
    return view(this.#open.pan);
  }

  /** ASCII digits; a view, all zero after `dispose`. */
  get cvv(): Buffer | undefined {
    const { cvv } = this.#open;
    return cvv && view(cvv);
  }

  /** 1 to 12. */
  get expiryMonth(): number {
    return this.#open.expiryMonth;
  }

  /** Four digits. */
  get expiryYear(): number {
    return this.#open.expiryYear;
  }

  /** Empty when there was none. */
  get name(): string {
    return this.#open.name;
  }

  /** What may be told of the card, made without turning the PAN into a string. */
  describe(): CardDescription {
    const { pan } = this;
    const last4 = pan.toString('latin1', pan.length - 4);
    return { bin: pan.toString('latin1', 0, 6), last4, masked: maskPan(pan), scheme: schemeOf(pan) };
  }

  /** The record without its CVV: what rests in the vault. The caller wipes it. */
  recordToStore(): Buffer {
    const { cvv } = this;
    const copy = Buffer.from(this.#record);
    if (cvv === undefined) return copy;
    const cvvAt = cvv.byteOffset - this.#record.byteOffset;
    // The byte before a field of the record is its length.
    return copy.fill(0, cvvAt - 1, cvvAt + cvv.length);
  }

  /**
   * A copy that carries a CVV, for a card that comes from the vault.
   *
   * @param cvv - ASCII digits, three or four; none leaves the card without
   * @returns another card; its owner disposes of it
   */
  withCvv(cvv: Uint8Array): CardBuffer {
    const copy = this.recordToStore();
    copy[cvvOffset] = cvv.length;
    copy.set(cvv, cvvOffset + 1);
    return new CardBuffer(copy);
  }

  /**
   * The card that took this one's place, for the same holder; it has no CVV.
   *
   * @param card.pan - ASCII digits; the same number when absent
   * @returns another card; its owner disposes of it
   */
  succeededBy({ pan = this.pan, expiry }: { readonly pan?: Uint8Array; readonly expiry: Expiry }): CardBuffer {
    const record = encodeRecord({ pan: '0'.repeat(pan.length), expiry: textOf(expiry), name: this.name });
    // A number never becomes a string: it is put over the zeros.
    record.set(pan, panOffset + 1);
    return new CardBuffer(record);
  }

  /** Wipes the card. Using it afterwards is a mistake and throws; a card of zeros must not travel. */
  dispose(): void {
    this.#record.fill(0);
    this.#content = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
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

  get #open(): CardRecord {
    if (this.#content === undefined) throw new Error('the card was wiped');
    return this.#content;
  }
}

const textOf = ({ month, year }: Expiry): string => `${String(month).padStart(2, '0')}/${year}`;

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
