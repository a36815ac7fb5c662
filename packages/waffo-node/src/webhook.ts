/**
 * Receiving notifications: verify the raw bytes, hand the event over, sign the acknowledgement. The gateway repeats what
 * is not acknowledged, so a handler may see an event twice and must not mind.
 */
import { acknowledgement } from '@waffo/protocol/acknowledgement';
import { sign, signatureHeader, verify } from '@waffo/protocol/signature';
import { WaffoError } from './errors.ts';
import type { Notification, PaymentNotification, TokenizationNotification } from './generated/types.ts';
import type { Settings } from './settings.ts';

/** Called with a verified notification's `result`. Throw to have it sent again. */
export type Handler<Event extends Notification> = (result: Event['result'], event: Event) => unknown;

/** What to answer, and how it went. */
export interface WebhookAnswer {
  /** Whether the notification was genuine and its handler was content. */
  readonly success: boolean;
  /** Why not; the message names the likely cause. */
  readonly error?: WaffoError;
  /** The verified event. */
  readonly event?: Notification;
  /** Always 200: the body tells the gateway whether to send again. */
  readonly status: number;
  /** Send these. */
  readonly headers: Readonly<Record<string, string>>;
  /** Send exactly these bytes. */
  readonly body: string;
  /** The value of `X-SIGNATURE`, also in `headers`. */
  readonly signature: string;
}

/**
 * @example
 * const webhook = waffo.webhook()
 *   .onTokenization(({ tokenId, tokenStatus }) => saveToken(tokenId, tokenStatus))
 *   .onPayment(({ paymentRequestId, orderStatus }) => settle(paymentRequestId, orderStatus));
 * app.post('/webhook', express.raw({ type: '*' + '/*' }), async (request, response) => {
 *   const answer = await webhook.handleWebhook(request.body, request.headers['x-signature']);
 *   response.status(answer.status).set(answer.headers).send(answer.body);
 * });
 */
export class Webhook {
  readonly #settings: Settings;
  readonly #handlers = new Map<string, (event: Notification) => unknown>();

  /** @internal */
  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** A token was bound, changed, removed, or (`tokenStatus: 'FAILED'`) could not be bound. */
  onTokenization(handler: Handler<TokenizationNotification>): this {
    return this.#on('TOKENIZATION_NOTIFICATION', handler);
  }

  /** A payment ended: `PAY_SUCCESS` or `ORDER_CLOSE`. */
  onPayment(handler: Handler<PaymentNotification>): this {
    return this.#on('PAYMENT_NOTIFICATION', handler);
  }

  #on<Event extends Notification>(eventType: Event['eventType'], handler: Handler<Event>): this {
    this.#handlers.set(eventType, (event) => handler((event as Event).result, event as Event));
    return this;
  }

  /**
   * Handles one delivery. Never throws for what was sent.
   *
   * A genuine event that has no handler is acknowledged: refusing it would only have it sent eight times.
   *
   * @param rawBody - the bytes as they arrived, before any parser; a string of them is fine
   * @param signature - the `X-SIGNATURE` header
   */
  async handleWebhook(rawBody: string | Uint8Array, signature: string | undefined): Promise<WebhookAnswer> {
    const body = bytesOf(rawBody);
    const problem = body === undefined ? parsedAlready : this.#problemOf(body, signature);
    if (body === undefined || problem !== undefined) return this.#answer({ error: refusal(problem ?? parsedAlready) });
    const event = JSON.parse(body.toString('utf8')) as Notification;
    try {
      await this.#handlers.get(event.eventType)?.(event);
      return await this.#answer({ event });
    } catch (cause) {
      const message = `the handler of ${event.eventType} failed; the notification will be sent again`;
      return this.#answer({ event, error: new WaffoError({ code: 'S0006', message, retry: 'never', cause }) });
    }
  }

  #problemOf(body: Buffer, signature: string | undefined): string | undefined {
    if (!signature)
      return 'the X-SIGNATURE header is missing: is this request from the gateway, and does a proxy drop headers?';
    if (verify(body, signature, this.#settings.waffoPublicKey)) return undefined;
    if (looksReserialised(body)) {
      return 'the signature does not fit the body, which looks parsed and written again: pass the raw bytes, before any JSON parser';
    }
    return 'the signature does not fit the body: check that waffoPublicKey is the key of this merchant in this environment';
  }

  async #answer(result: { event?: Notification; error?: WaffoError }): Promise<WebhookAnswer> {
    const success = result.error === undefined;
    const body = success ? acknowledgement : '{"message":"failed"}';
    const signature = await sign(Buffer.from(body), this.#settings.privateKey);
    const headers = { 'Content-Type': 'application/json', [signatureHeader]: signature };
    return { success, ...result, status: 200, headers, body, signature };
  }
}

const parsedAlready =
  "the body was parsed before verification: pass the raw bytes (express.raw, or your framework's raw body), not an object";

function bytesOf(rawBody: unknown): Buffer | undefined {
  if (typeof rawBody === 'string') return Buffer.from(rawBody);
  return rawBody instanceof Uint8Array ? Buffer.from(rawBody) : undefined;
}

/** Indented, or with blanks between members: the gateway writes neither. */
function looksReserialised(body: Buffer): boolean {
  try {
    const text = body.toString('utf8');
    return JSON.stringify(JSON.parse(text)) !== text;
  } catch {
    return false;
  }
}

const refusal = (message: string): WaffoError => new WaffoError({ code: 'S0004', message, retry: 'never' });
