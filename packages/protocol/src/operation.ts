/**
 * What an operation is. Each is declared once in `operations/`; validation, types, OpenAPI, SDK typings and the
 * reference tables are made from the declaration.
 */
import type { z } from 'zod';
import type { FaultName } from './codes.ts';

/**
 * Who may call an operation.
 * - `merchant`: the merchant's backend; API key and RSA signature over the raw body.
 * - `browser`: the shopper's page; client API key, registered origin and a session; not signed.
 */
export type Door = 'merchant' | 'browser';

/** A declared operation. `request` and `data` are zod objects without transforms or defaults. */
export interface Operation<
  Request extends z.ZodType = z.ZodType,
  Data extends z.ZodType = z.ZodType,
  Entrance extends Door = Door,
> {
  /** Path below `/api/v1`, e.g. `/tokenization/generate`. */
  readonly path: `/${string}`;
  readonly door: Entrance;
  readonly summary: string;
  readonly description: string;
  readonly request: Request;
  /** The `data` member of a successful answer. */
  readonly data: Data;
  /** Tokenization answers carry three members more than the others: `msgParams`, `success`, `fail` (contract 2.2). */
  readonly envelope: 'order' | 'tokenization';
  /** The member of the request that makes a repeat harmless, where there is one. */
  readonly idempotencyKey?: string;
  /** Faults that this operation answers by itself, beside those of its door. */
  readonly faults: readonly FaultName[];
}

/** Faults that any operation behind a door can answer before its own work begins. */
export const doorFaults = {
  merchant: [
    'BODY_TOO_LARGE',
    'CONTENT_TYPE_INVALID',
    'API_KEY_INVALID',
    'SIGNATURE_INVALID',
    'PARAMETER_INVALID',
    'PERMISSION_DENIED',
    'MERCHANT_STATUS_ABNORMAL',
    'TOO_MANY_REQUESTS',
    'SYSTEM_ERROR',
    'UNAVAILABLE',
  ],
  browser: [
    'BODY_TOO_LARGE',
    'CONTENT_TYPE_INVALID',
    'API_KEY_INVALID',
    'PARAMETER_INVALID',
    'PERMISSION_DENIED',
    'MERCHANT_STATUS_ABNORMAL',
    'TOO_MANY_REQUESTS',
    'SYSTEM_ERROR',
    'UNAVAILABLE',
  ],
} as const satisfies Record<Door, readonly FaultName[]>;

/** Declares an operation; only keeps the exact types. */
export function operation<const Request extends z.ZodType, const Data extends z.ZodType, const Entrance extends Door>(
  declaration: Operation<Request, Data, Entrance>,
): Operation<Request, Data, Entrance> {
  return declaration;
}

/** The request of an operation, as it is on the wire. */
export type RequestOf<O extends Operation> = z.infer<O['request']>;

/** The `data` of an operation's successful answer, as it is on the wire. */
export type DataOf<O extends Operation> = z.infer<O['data']>;

/** Every API path begins with this. */
export const apiPrefix = '/api/v1';
