/**
 * One entry of the access log, and the keyed hash that ties it to the entry before. It says who did what to which card and
 * why; it must never carry anything of the card itself.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SealingKey } from './seal.ts';

/** What can be done that must be written down. */
export type Act =
  | 'card.use'
  | 'key.operation'
  | 'operator.act'
  | 'token.import'
  | 'token.export'
  | 'log.read'
  | 'gateway.start'
  | 'gateway.stop';

export interface Access {
  /** `''` is the system itself. */
  readonly merchantId: string;
  /** `gateway`, `operator:` and the name of an account, or `operator` alone: whoever holds the key of the operator API. */
  readonly actor: string;
  readonly act: Act;
  /** Why, e.g. `purchase`. */
  readonly purpose?: string | undefined;
  readonly cardId?: string | undefined;
  readonly tokenId?: string | undefined;
  /** What it was done for, e.g. `order/A20261123…`. */
  readonly subject?: string | undefined;
  /** E.g. the id of the attempt. */
  readonly reference?: string | undefined;
}

/** An entry as it rests. */
export interface AccessEntry extends Access {
  /** 1 is the first of a chain. */
  readonly sequence: bigint;
  /** Microseconds since 1970, all that the database can tell apart. */
  readonly atMicros: bigint;
  /** The audit key of `mac`. */
  readonly keyId: string;
  readonly mac: Buffer;
}

/** What the first entry of a chain is tied to. */
export const chainStart: Buffer = Buffer.alloc(32);

/**
 * HMAC-SHA-256 over the entry before and all members of this one, each in its place.
 *
 * @param key - of the purpose `audit`
 * @param before - the mac of the entry before, or `chainStart`
 */
export const macOf = (key: SealingKey, before: Buffer, entry: Omit<AccessEntry, 'mac' | 'keyId'>): Buffer =>
  createHmac('sha256', key.key)
    .update(before)
    .update(
      JSON.stringify([
        'waffo/access/1',
        key.keyId,
        entry.merchantId,
        String(entry.sequence),
        String(entry.atMicros),
        entry.actor,
        entry.act,
        entry.purpose ?? null,
        entry.cardId ?? null,
        entry.tokenId ?? null,
        entry.subject ?? null,
        entry.reference ?? null,
      ]),
    )
    .digest();

/** Whether an entry is what was written, after the entry that was there. */
export const isWhole = (key: SealingKey, before: Buffer, entry: AccessEntry): boolean =>
  isSameMac(macOf(key, before, entry), entry.mac);

export const isSameMac = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
