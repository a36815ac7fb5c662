/** A route ties an operation to the function that performs it. `operations.ts` is the list of them. */
import type { DataOf, Operation, RequestOf } from '@waffo/protocol/operation';
import type { BrowserCaller, Caller, MerchantCaller } from '../caller.ts';
import type { Gateway } from '../gateway.ts';

/** Who calls an operation: it follows from the operation's door. */
type CallerOf<O extends Operation> = O extends { readonly door: 'merchant' } ? MerchantCaller : BrowserCaller;

/** Performs an operation: what the caller may do and what the input looks like was checked before. */
export type Handler<O extends Operation> = (
  gateway: Gateway,
  caller: CallerOf<O>,
  input: RequestOf<O>,
) => Promise<DataOf<O>>;

/** A line of door 1. */
export interface Route {
  readonly operation: Operation;
  readonly handler: (gateway: Gateway, caller: Caller, input: unknown) => Promise<unknown>;
}

/**
 * @param operation - its declaration
 * @param handler - performs it; its types must be the declaration's
 * @example route(tokenization.generate, generate)
 */
export function route<O extends Operation>(operation: O, handler: Handler<O>): Route {
  // Sound, because dispatch hands over only what the schema accepted, and a caller of the operation's own door.
  return { operation, handler: handler as Route['handler'] };
}
