/**
 * Receiving notifications: verify the raw bytes, hand the event over, sign the acknowledgement. The gateway repeats what is
 * not acknowledged, so a handler may see an event twice and must not mind. Nothing is parsed before it is verified.
 */
import { acknowledgement } from '@waffo/protocol/acknowledgement';
import { sign, signatureHeader, verify } from '@waffo/protocol/signature';
import { type ClientCode, WaffoError } from './errors.ts';
import type {
  Notification,
  PaymentNotification,
  RefundNotification,
  SubscriptionChangeNotification,
  SubscriptionPeriodChangedNotification,
  SubscriptionStatusNotification,
  TokenizationNotification,
} from './generated/types.ts';
import type { Settings } from './settings.ts';
import { type Signer, signerOf } from './signer.ts';

/** Refuses what is not fresh. The header is not under the signature: it tells a delivery that lay about from a fresh one, not a forged one. */
export interface Freshness {
  /** The `webhook-timestamp` header, as Node or `Headers.get` gives it: seconds since 1970. */
  readonly timestamp: string | readonly string[] | null | undefined;
  /** Older, or further in the future, is refused; 300 when absent. */
  readonly maxAgeSeconds?: number;
}

/** Called with the `result` of a verified notification. Throw, or reject, to have it sent again. */
export type Handler<Event extends Notification> = (result: Event['result'], event: Event) => unknown;

/** A verified notification of whatever type, also of one that this version does not know. */
export interface AnyEvent {
  readonly eventType: string;
  readonly result: unknown;
}

/** What to send back. */
interface Reply {
  /** Always 200: the body tells the gateway whether to send again. */
  readonly status: 200;
  /** `Content-Type` and `X-SIGNATURE`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Send exactly these bytes: `{"message":"success"}` or `{"message":"failed"}`. */
  readonly body: string;
  /** The value of `X-SIGNATURE`, also in `headers`. */
  readonly signature: string;
}

/** What to send back, and how it went: `success` says whether the event was genuine and its handler was content. */
export type WebhookAnswer = Reply &
  (
    | {
        readonly success: true;
        readonly event: Notification;
        /** Whether a handler took it; an event that none takes is acknowledged all the same. */
        readonly handled: boolean;
        readonly error?: undefined;
      }
    | {
        readonly success: false;
        /** S0004, S0005 or S0006; the message names the likely cause. */
        readonly error: WaffoError;
        /** The event, when it was genuine and its handler failed. */
        readonly event?: Notification;
        readonly handled: boolean;
      }
  );

/**
 * A receiver. Make one, give it its handlers, and pass it every delivery.
 *
 * @example
 * const webhook = waffo.webhook()
 *   .onTokenization(({ tokenRequestId, tokenId, tokenStatus }) => saveToken(tokenRequestId, tokenId, tokenStatus))
 *   .onPayment(({ paymentRequestId, orderStatus }) => settle(paymentRequestId, orderStatus));
 *
 * app.post('/webhook', express.raw({ type: () => true }), async (request, response) => {
 *   const answer = await webhook.handleWebhook(request.body, request.headers['x-signature']);
 *   if (!answer.success) console.error(answer.error.message);
 *   response.status(answer.status).set(answer.headers).send(answer.body);
 * });
 */
export class Webhook {
  readonly #settings: Settings;
  readonly #handlers = new Map<string, (event: Notification) => unknown>();
  /** There are two bodies only, and a signature depends on nothing else. */
  readonly #signatures = new Map<string, Promise<string>>();
  #other: ((event: AnyEvent) => unknown) | undefined;

  /** @internal */
  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * A token was bound, changed, removed, or (`tokenStatus: 'FAILED'`) could not be bound. Replaces an earlier handler.
   *
   * @example waffo.webhook().onTokenization(({ tokenId, tokenStatus }) => console.log(tokenId, tokenStatus));
   */
  onTokenization(handler: Handler<TokenizationNotification>): this {
    return this.#on('TOKENIZATION_NOTIFICATION', handler);
  }

  /**
   * A payment ended: `PAY_SUCCESS` or `ORDER_CLOSE`. Replaces an earlier handler.
   *
   * @example waffo.webhook().onPayment(({ paymentRequestId, orderStatus }) => settle(paymentRequestId, orderStatus));
   */
  onPayment(handler: Handler<PaymentNotification>): this {
    return this.#on('PAYMENT_NOTIFICATION', handler);
  }

  /**
   * A refund ended; it is told to `refundNotifyUrl`. Replaces an earlier handler.
   *
   * @example waffo.webhook().onRefund(({ refundRequestId, refundStatus }) => settleRefund(refundRequestId, refundStatus));
   */
  onRefund(handler: Handler<RefundNotification>): this {
    return this.#on('REFUND_NOTIFICATION', handler);
  }

  /**
   * A subscription began, did not begin, or ended. Replaces an earlier handler.
   *
   * @example waffo.webhook().onSubscriptionStatus(({ subscriptionId, subscriptionStatus }) => grant(subscriptionId, subscriptionStatus));
   */
  onSubscriptionStatus(handler: Handler<SubscriptionStatusNotification>): this {
    return this.#on('SUBSCRIPTION_STATUS_NOTIFICATION', handler);
  }

  /**
   * A later period of a subscription is paid, or will not be: `paymentDetails` says which. Replaces an earlier handler.
   *
   * @example waffo.webhook().onSubscriptionPeriod(({ subscriptionId, productInfo }) => extend(subscriptionId, productInfo.currentPeriod));
   */
  onSubscriptionPeriod(handler: Handler<SubscriptionPeriodChangedNotification>): this {
    return this.#on('SUBSCRIPTION_PERIOD_CHANGED_NOTIFICATION', handler);
  }

  /**
   * A change ended: `SUCCESS`, or `CLOSED` and the old subscription goes on. Replaces an earlier handler.
   *
   * @example waffo.webhook().onSubscriptionChange(({ subscriptionId, subscriptionChangeStatus }) => changed(subscriptionId, subscriptionChangeStatus));
   */
  onSubscriptionChange(handler: Handler<SubscriptionChangeNotification>): this {
    return this.#on('SUBSCRIPTION_CHANGE_NOTIFICATION', handler);
  }

  /**
   * Every genuine event that has no handler of its own, also of types that this version does not know. Without it such
   * events are acknowledged and dropped; throw in it to have them sent again.
   *
   * @example waffo.webhook().onOther(({ eventType }) => console.warn(`nobody handles ${eventType}`));
   */
  onOther(handler: (event: AnyEvent) => unknown): this {
    this.#other = handler;
    return this;
  }

  #on<Event extends Notification>(eventType: Event['eventType'], handler: Handler<Event>): this {
    this.#handlers.set(eventType, (event) => handler((event as Event).result, event as Event));
    return this;
  }

  /**
   * Handles one delivery. Never rejects for what was sent or for what a handler throws.
   *
   * @param rawBody - the bytes as they arrived, before any parser; a string of them is fine
   * @param signature - the `X-SIGNATURE` header, as Node or `Headers.get` gives it
   * @param freshness - given, a delivery that is older than five minutes is refused, and so is one without its time
   * @returns what to send back; an event without a handler is acknowledged, for refusing it would only have it sent
   *   another seven times
   */
  async handleWebhook(
    rawBody: string | Uint8Array | ArrayBuffer,
    signature: string | readonly string[] | null | undefined,
    freshness?: Freshness,
  ): Promise<WebhookAnswer> {
    const body = bytesOf(rawBody);
    if (body === undefined) return this.#refuse('S0004', parsedAlready);
    const problem = this.#problemOf(body, typeof signature === 'string' ? signature : (signature ?? []).join());
    if (problem !== undefined) return this.#refuse('S0004', problem);
    const staleness = freshness && stalenessOf(freshness);
    if (staleness !== undefined) return this.#refuse('S0004', staleness);
    const event = eventIn(body);
    if (event === undefined) return this.#refuse('S0005', 'the body is genuine but is not {eventType, result}');
    const handler = this.#handlers.get(event.eventType) ?? this.#other;
    const handled = handler !== undefined;
    try {
      await handler?.(event);
    } catch (cause) {
      const message = `the handler of ${event.eventType} failed; the notification will be sent again`;
      const error = new WaffoError({ code: 'S0006', message, retry: 'never', cause });
      return { ...(await this.#reply(failure)), success: false, error, event, handled };
    }
    return { ...(await this.#reply(acknowledgement)), success: true, event, handled };
  }

  #problemOf(body: Buffer, signature: string): string | undefined {
    const { waffoPublicKey } = this.#settings;
    if (body.length === 0) return 'the body is empty: did a parser read it before? Pass the raw bytes';
    if (signature === '') {
      return 'the X-SIGNATURE header is missing: is this request from the gateway, and does a proxy drop headers?';
    }
    if (verify(body, signature, waffoPublicKey)) return undefined;
    return whyUnverified[signerOf(waffoPublicKey, signature)];
  }

  async #refuse(code: ClientCode, message: string): Promise<WebhookAnswer> {
    const error = new WaffoError({ code, message, retry: 'never' });
    return { ...(await this.#reply(failure)), success: false, error, handled: false };
  }

  async #reply(body: string): Promise<Reply> {
    const signing = this.#signatures.get(body) ?? sign(Buffer.from(body), this.#settings.privateKey);
    this.#signatures.set(body, signing);
    const signature = await signing;
    return {
      status: 200,
      headers: { 'Content-Type': 'application/json', [signatureHeader]: signature },
      body,
      signature,
    };
  }
}

const failure = '{"message":"failed"}';

const parsedAlready =
  "the body was parsed before verification: pass the raw bytes (express.raw, or your framework's raw body), not an object";
const whyUnverified: Readonly<Record<Signer, string>> = {
  'this-key':
    'the signature is by the right key but over other bytes: the body was parsed and written again, or changed on its way; pass the raw bytes, before any parser',
  'another-key':
    'the signature is by another key: check that waffoPublicKey is the one of this merchant in this environment',
  none: 'X-SIGNATURE is not base64 of a signature: pass the header as it came, once',
};

function stalenessOf({ timestamp, maxAgeSeconds = 300 }: Freshness): string | undefined {
  const text = [timestamp].flat().join();
  if (!/^\d{1,12}$/.test(text)) return 'the webhook-timestamp header is missing or is no number of seconds';
  const age = Math.abs(Date.now() / 1_000 - Number(text));
  if (age <= maxAgeSeconds) return undefined;
  return `the delivery is ${Math.round(age)} s from now by its webhook-timestamp: an old one came again, or a clock is wrong`;
}

/** Callers without types pass what their framework gave them. */
function bytesOf(rawBody: unknown): Buffer | undefined {
  if (typeof rawBody === 'string') return Buffer.from(rawBody);
  if (rawBody instanceof Uint8Array) return Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.byteLength);
  return rawBody instanceof ArrayBuffer ? Buffer.from(rawBody) : undefined;
}

function eventIn(body: Buffer): Notification | undefined {
  try {
    const event = JSON.parse(body.toString('utf8'));
    const isEvent = typeof event?.eventType === 'string' && typeof event.result === 'object' && event.result !== null;
    return isEvent ? (event as Notification) : undefined;
  } catch {
    return undefined;
  }
}
