/** What an operator asks of notifications over HTTP: the choices as they arrive, and the acts that need more than one part. */
import { z } from 'zod';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { findMerchant } from '../merchant/find.ts';
import { type EventDetails, type EventFilter, listEvents, showEvent } from './list.ts';
import { type Resent, resend, resendAll } from './resend.ts';
import { type EndpointReport, testEndpoint } from './test-endpoint.ts';

const moment = z.iso.datetime({ offset: true });

/** Which notifications. */
export const eventChoice = z.strictObject({
  merchantId: z.string().max(64).optional(),
  status: z.enum(['PENDING', 'DELIVERED', 'EXHAUSTED']).optional(),
  failed: z.stringbool().or(z.boolean()).optional(),
  eventType: z.string().max(64).optional(),
  objectId: z.string().max(64).optional(),
  from: moment.optional(),
  to: moment.optional(),
});
type EventChoice = z.infer<typeof eventChoice>;

export const eventPage = eventChoice.extend({
  before: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});

export const listChosen = (gateway: Gateway, { before, limit = 100, ...choice }: z.infer<typeof eventPage>) =>
  listEvents(gateway, filterFrom(choice), { limit, ...(before !== undefined && { before }) });

/** @throws Fault PARAMETER_INVALID when there is none */
export async function showOne(gateway: Gateway, eventId: string): Promise<EventDetails> {
  const details = z.uuid().safeParse(eventId).success ? await showEvent(gateway, eventId) : undefined;
  if (details === undefined)
    throw new Fault('PARAMETER_INVALID', `there is no notification ${eventId}; those that ended are kept 30 days`);
  return details;
}

/** @throws Fault PARAMETER_INVALID when there is none */
export async function resendOne(gateway: Gateway, eventId: string): Promise<{ readonly result: Resent }> {
  const { merchantId } = await showOne(gateway, eventId);
  const result = await resend(gateway, { merchantId, eventId });
  gateway.nudge();
  return { result };
}

/** @throws Fault PARAMETER_INVALID when nothing is chosen: all of everything must not be a slip */
export async function resendChosen(gateway: Gateway, choice: EventChoice) {
  if (Object.keys(choice).length === 0)
    throw new Fault('PARAMETER_INVALID', 'choose which: merchantId, failed, from, to and the like');
  const result = await resendAll(gateway, filterFrom(choice));
  gateway.nudge();
  return result;
}

/** @param url - the merchant's own address for tokens when absent */
export const tryEndpoint = (
  gateway: Pick<Gateway, 'database' | 'clock' | 'egress' | 'platformKeys'>,
  merchantId: string,
  url: string | undefined,
): Promise<EndpointReport> =>
  testEndpoint(
    { ...gateway, merchantOf: (id) => findMerchant(gateway, id) },
    { merchantId, ...(url !== undefined && { url }) },
  );

function filterFrom({ merchantId, status, failed, eventType, objectId, from, to }: EventChoice): EventFilter {
  return {
    ...(merchantId !== undefined && { merchantId }),
    ...(status !== undefined && { status }),
    ...(failed !== undefined && { failed }),
    ...(eventType !== undefined && { eventType }),
    ...(objectId !== undefined && { objectId }),
    ...(from !== undefined && { from: new Date(from) }),
    ...(to !== undefined && { to: new Date(to) }),
  };
}
