/**
 * What an attempt sends. It follows from the event and the moment alone, so that what was sent can be shown later without
 * having been kept. Pure.
 */
import { signatureHeader } from '@waffo/protocol/signature';
import { urlIn } from '@waffo/protocol/url';

/** What decides the headers: an event's id and the signature of its body. */
export interface Signed {
  /** The `webhook-id`: the same at every attempt (Standard Webhooks). */
  readonly eventId: string;
  /** Base64. */
  readonly signature: string;
}

/**
 * @param startedAt - when the attempt begins; `webhook-timestamp`, in seconds
 * @returns the headers by the names that go on the wire
 */
export const headersOf = ({ eventId, signature }: Signed, startedAt: Date): Record<string, string> => ({
  'Content-Type': 'application/json',
  [signatureHeader]: signature,
  'webhook-id': eventId,
  'webhook-timestamp': String(Math.floor(startedAt.getTime() / 1_000)),
  'User-Agent': 'Waffo-Webhook/1',
});

/** The host and port that a URL leads to, as deliveries to it share their places; undefined when it is none. */
export const hostIn = (url: string): string | undefined => urlIn(url)?.host;
