/**
 * The requests of ISO 8583:1987 that the client sends. Each follows from its row and, where a card is charged, from the card
 * that is lent for it; a reversal follows from its row alone, so that a restarted process sends the same one.
 */
import type { CardBuffer } from '../../vault/card-buffer.ts';
import { type Message, messageOf } from './codec.ts';
import type { Sending, Sent } from './exchange.store.ts';
import { transmissionTime } from './link.ts';

/** How the host knows us. */
export interface Terminal {
  /** Field 41: 8 characters. */
  readonly terminalId: string;
  /** Field 42: 15 characters. */
  readonly acceptorId: string;
}

/** Field 3: what is done with which account. */
const processing = { goods: '000000', refund: '200000' } as const;
/** Field 22: typed by the shopper, or from a card on file. */
const entryMode = { CIT: '810', MIT: '100' } as const;
/** Field 25. */
const condition = { check: '51', shop: '59', onFile: '08', preauthorized: '06', normal: '00' } as const;

/** Field 11 of a message. */
const stanOf = ({ trace }: Sending): string => String(trace % 1_000_000n).padStart(6, '0');

/** Field 37, as we give it out. */
export const rrnOf = ({ trace }: Sending): string => String(trace % 1_000_000_000_000n).padStart(12, '0');

const amountText = (minor: bigint): string => String(minor).padStart(12, '0');

/** Fields 7, 11 and 12. */
const stamps = (sending: Sending) => ({
  7: transmissionTime(sending.at),
  11: stanOf(sending),
  12: transmissionTime(sending.at).slice(4),
});

const terminalFields = ({ terminalId, acceptorId }: Terminal) => ({
  41: terminalId.padEnd(8),
  42: acceptorId.padEnd(15),
});

/** 0100 for a check or an authorisation, 0200 for a purchase. */
export function chargeRequest(sent: Sent, terminal: Terminal, card: CardBuffer, initiator: 'CIT' | 'MIT'): Message {
  const expiry = String((card.expiryYear % 100) * 100 + card.expiryMonth).padStart(4, '0');
  return messageOf(sent.verb === 'purchase' ? '0200' : '0100', {
    // A copy: whoever encodes it wipes what it wrote, and the card is only lent.
    2: Buffer.from(card.pan),
    3: processing.goods,
    4: amountText(sent.amountMinor),
    ...stamps(sent),
    14: expiry,
    22: entryMode[initiator],
    25: sent.verb === 'verify' ? condition.check : initiator === 'CIT' ? condition.shop : condition.onFile,
    37: rrnOf(sent),
    ...terminalFields(terminal),
    49: sent.currency,
  });
}

/** 0200 that captures what was authorised, or pays back what was captured; field 54 tells the original amount. */
export function followUpRequest(sent: Sent, terminal: Terminal, charge: Sent): Message {
  const isRefund = sent.verb === 'refund';
  return messageOf('0200', {
    3: isRefund ? processing.refund : processing.goods,
    4: amountText(sent.amountMinor),
    ...stamps(sent),
    22: entryMode.MIT,
    25: isRefund ? condition.normal : condition.preauthorized,
    37: charge.retrievalReference ?? rrnOf(charge),
    ...(charge.approvalCode !== undefined && { 38: charge.approvalCode }),
    ...terminalFields(terminal),
    49: sent.currency,
    54: `0057${charge.currency}C${amountText(charge.amountMinor)}`,
  });
}

/** 0400: what was sent, as `about` has it, shall never have been. Field 90 names it. */
export function reversalRequest(about: Sent, sending: Sending, terminal: Terminal): Message {
  const mti = about.verb === 'verify' || about.verb === 'authorize' ? '0100' : '0200';
  return messageOf('0400', {
    3: about.verb === 'refund' ? processing.refund : processing.goods,
    4: amountText(about.amountMinor),
    ...stamps(sending),
    25: condition.normal,
    37: about.retrievalReference ?? rrnOf(about),
    ...(about.approvalCode !== undefined && { 38: about.approvalCode }),
    ...terminalFields(terminal),
    49: about.currency,
    90: `${mti}${stanOf(about)}${transmissionTime(about.at)}${'0'.repeat(22)}`,
  });
}
