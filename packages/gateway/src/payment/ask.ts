/** A call to an acquirer as operators see it: a span, and a line of the log from which it is counted. */
import type { Gateway } from '../gateway.ts';
import { traced } from '../observe/trace.ts';

/** Of an outcome, or of an inquiry about one. */
type Answer = { readonly kind: string } | { readonly kind: 'declined'; readonly reason: string };

/**
 * @param call.verb - `inquire`, or what the money does
 * @param ask - the call itself; what it throws is thrown on
 */
export function askAcquirer<Answered extends Answer>(
  { clock, log }: Pick<Gateway, 'clock' | 'log'>,
  call: { readonly merchantId: string; readonly connector: string; readonly verb: string },
  ask: () => Promise<Answered>,
): Promise<Answered> {
  return traced('connector', call, async (span) => {
    const since = clock.now().getTime();
    const answered = await ask();
    const outcome = answered.kind;
    span.note({ outcome });
    const detail = 'reason' in answered ? answered.reason : undefined;
    const { merchantId, connector, verb } = call;
    const ms = clock.now().getTime() - since;
    log.debug('the acquirer was asked', {
      merchantId,
      connector,
      verb,
      outcome,
      ms,
      ...(detail !== undefined && { detail }),
    });
    return answered;
  });
}
