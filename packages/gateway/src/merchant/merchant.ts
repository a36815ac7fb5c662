/** A merchant: who it is, what its contract allows, and the public keys it signs with. Never a private key. */
import type { KeyObject } from 'node:crypto';

/** What a merchant may switch. */
export interface MerchantSettings {
  /** Accept acknowledgements without a signature (contract 18.2 is strict; real receivers exist that do not sign). */
  readonly lenientAck: boolean;
  /** Refuse a token whose `merchantUserId` is not the order's `userInfo.userId` (U-16). */
  readonly enforceTokenOwner: boolean;
  /** Notify the removal of a token (U-03). */
  readonly notifyRemoval: boolean;
  /** Used by `generate` without a `notifyUrl`. */
  readonly tokenNotifyUrl?: string | undefined;
  /** Used by `order/refund` without a `refundNotifyUrl` (C-29). */
  readonly refundNotifyUrl?: string | undefined;
  /** How often a renewal is tried in all; 2 when absent. */
  readonly renewalAttempts?: number | undefined;
  /** Hours between two tries; 24 when absent. */
  readonly renewalRetryHours?: number | undefined;
  /** SERVICE_FIRST, also when absent: the billing day stays. PAYMENT_FIRST: what is paid late moves it, and what is not paid ends the charges. */
  readonly renewalOrder?: RenewalOrder | undefined;
}

export const renewalOrders = ['SERVICE_FIRST', 'PAYMENT_FIRST'] as const;
export type RenewalOrder = (typeof renewalOrders)[number];

export const defaultSettings: MerchantSettings = {
  lenientAck: false,
  enforceTokenOwner: false,
  notifyRemoval: true,
};

export interface Merchant {
  readonly merchantId: string;
  readonly name: string;
  readonly status: 'ACTIVE' | 'SUSPENDED';
  /** May send bare cards (`tokenData`). */
  readonly pciCertified: boolean;
  readonly settings: MerchantSettings;
  /** How its clock stands; undefined in real time. Production looks at the machine's alone. */
  readonly clock?: { readonly frozenAt: Date | undefined; readonly aheadMs: number } | undefined;
  /** One or, while one replaces another, two. */
  readonly publicKeys: readonly KeyObject[];
}
