/** The management page's markup. It shows what was agreed and paid; whatever a merchant named itself is text. */
import type { Order } from '../order/order.ts';
import { safeUrl } from '../order/way-home.ts';
import type { NextTry } from '../subscription/next-try.ts';
import type { Subscription } from '../subscription/subscription.ts';
import { waitsForCard } from '../subscription/takes-card.ts';
import type { CardSummary } from '../tokenization/card-summary.ts';
import { agreementOf } from './agreement.ts';
import { type CardForms, cardForm, cardLine, type Refusal, savedForm } from './card-form.ts';
import { amountIn, decimalIn } from './challenge-markup.ts';
import { type Locale, preferredLocale } from './challenge-text.ts';
import { planOf } from './checkout-markup.ts';
import { checkoutTexts } from './checkout-text.ts';
import { documentIn, headlineOf } from './document.ts';
import { type Html, html } from './html.ts';
import { dateIn } from './plan-text.ts';
import { type SubscriptionText, subscriptionTexts } from './subscription-text.ts';

/** How the page speaks, and what stands at its head. */
export interface ManagementFrame {
  readonly subscription: Subscription;
  readonly merchantName: string;
  readonly acceptLanguage: string;
  readonly address: string;
  readonly now: Date;
}

export interface Management extends ManagementFrame {
  /** Undefined when it was removed. */
  readonly card: CardSummary | undefined;
  readonly next: NextTry | undefined;
  /** Oldest first. */
  readonly payments: readonly Order[];
  readonly isSandbox: boolean;
  /** The card that was given did not take the place. */
  readonly notConfirmed: boolean;
}

/** What is agreed, what was paid, and what may be done. */
export function renderManagement(page: Management): Html {
  const { subscription, address, card, payments, isSandbox, notConfirmed } = page;
  const { locale, text } = speechOf(page);
  const isActive = subscription.status === 'ACTIVE';
  const isWaiting = waitsForCard(subscription);
  return framed(
    page,
    html`
    <h1>${text.title}</h1>
    ${notConfirmed && html`<p class="wrong" role="alert">${isWaiting ? text.notBegun : text.notConfirmed}</p>`}
    <dl>
      <div><dt>${text.plan}</dt><dd>${subscription.echo.productInfo.description}</dd></div>
      <div><dt>${text.state}</dt><dd>${text.states[subscription.status]}</dd></div>
      ${!isWaiting && html`<div><dt>${text.nextPayment}</dt><dd>${nextOf(locale, page) ?? text.noPayment}</dd></div>`}
      ${card !== undefined && html`<div><dt>${text.card}</dt><dd>${cardLine(card)}</dd></div>`}
    </dl>
    ${isWaiting && joiningOf(page)}
    ${isActive && isJoined(page) && html`<p class="leave"><a href="${subscription.echo.successRedirectUrl}">${text.back}</a></p>`}
    ${
      isActive &&
      html`<form method="post" action="${address}" class="buttons">
      <button name="action" value="change-card" class="quiet">${text.changeCard}</button>
      <button name="action" value="cancel" class="quiet">${text.cancel}</button>
    </form>`
    }
    ${payments.length > 0 && historyOf(locale, text, payments)}
    ${isActive && isSandbox && page.next !== undefined && simulatorOf(address, text)}`,
  );
}

/** A free trial begins when the shopper has given a card; until then he may go back to the shop. */
function joiningOf(page: Management): Html {
  const { subscription, address, merchantName, now } = page;
  const { locale, text } = speechOf(page);
  const { cancelRedirectUrl, failedRedirectUrl } = subscription.echo;
  const home = safeUrl(cancelRedirectUrl ?? failedRedirectUrl);
  return html`${agreementOf(locale, subscription, now)}
    <p class="hint">${text.confirmHint}</p>
    <form method="post" action="${address}" class="buttons">
      <button name="action" value="change-card">${text.addCard}</button>
    </form>
    ${home !== undefined && html`<p class="leave"><a href="${home}">${text.backTo(merchantName)}</a></p>`}`;
}

/** This is the page that the shopper was sent to by the shop, and he may go back there. */
const isJoined = ({ subscription: { echo }, address }: Management): boolean =>
  safeUrl(echo.successRedirectUrl) !== undefined &&
  echo.webUrl !== undefined &&
  new URL(echo.webUrl).pathname.endsWith(address);

/** Asks before it ends. */
export function renderCancelling(frame: ManagementFrame): Html {
  const { text } = speechOf(frame);
  return framed(
    frame,
    html`
    <h1>${text.cancelQuestion}</h1>
    <p>${text.cancelHint}</p>
    <form method="post" action="${frame.address}" class="buttons">
      <button name="action" value="cancel-confirmed">${text.cancel}</button>
      <a class="button quiet" href="${frame.address}">${text.back}</a>
    </form>`,
  );
}

/** Asks for another card. */
export function renderCardChange(
  frame: ManagementFrame,
  forms: Pick<CardForms, 'saved' | 'sessionId' | 'isSandbox'> & { readonly tokenRequestId: string },
  refused: Refusal | undefined,
): Html {
  const { locale, text } = speechOf(frame);
  const words = checkoutTexts[locale];
  const all = {
    ...forms,
    refused,
    address: `${frame.address}/card/${forms.tokenRequestId}`,
    useSaved: text.useCard,
    useNew: text.useCard,
    maySave: false,
  };
  return framed(
    frame,
    html`
    <h1>${waitsForCard(frame.subscription) ? text.addCard : text.changeCard}</h1>
    ${waitsForCard(frame.subscription) && agreementOf(locale, frame.subscription, frame.now)}
    <p class="hint">${text.confirmHint}</p>
    ${refused !== undefined && html`<p class="wrong" role="alert">${words.refused[refused.reason]}</p>`}
    ${forms.saved.length > 0 && savedForm(all, words)}
    ${cardForm(all, words)}
    <p class="leave"><a href="${frame.address}">${text.back}</a></p>`,
    html`<script src="/page/checkout.js" defer></script>`,
  );
}

function historyOf(locale: Locale, text: SubscriptionText, payments: readonly Order[]): Html {
  const rows = payments.toReversed().map(
    (
      order,
    ) => html`<tr><td>${dateIn(locale, order.completedAt ?? order.updatedAt, 'medium')}</td><td>${amountIn(locale, order.amountMinor, order.currency)}</td>
        <td>${resultOf(locale, text, order)}</td></tr>`,
  );
  return html`<h2 id="history">${text.history}</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="history"><table>
      <thead><tr><th scope="col">${text.date}</th><th scope="col">${text.amount}</th><th scope="col">${text.result}</th></tr></thead>
      <tbody>${rows.reduce((all, row) => html`${all}${row}`)}</tbody>
    </table></div>`;
}

function resultOf(locale: Locale, text: SubscriptionText, order: Order): string {
  const { status, capturedMinor, refundedMinor, currency } = order;
  if (status === 'ORDER_CLOSE') return text.notPaid;
  if (refundedMinor === 0n) return text.paid;
  return refundedMinor >= capturedMinor ? text.refunded : text.refundedPart(amountIn(locale, refundedMinor, currency));
}

const simulatorOf = (
  address: string,
  text: SubscriptionText,
): Html => html`<form method="post" action="${address}" class="sandbox">
      <p>${text.simulator}</p>
      <div class="buttons">
        <button name="action" value="simulate-success" class="quiet">${text.succeed}</button>
        <button name="action" value="simulate-failure" class="quiet">${text.fail}</button>
      </div>
    </form>`;

/** @example '23 December 2026, HKD 100.00' */
function nextOf(locale: Locale, { subscription, next }: Management): string | undefined {
  const { nextChargeAt, currency } = subscription;
  if (nextChargeAt === undefined || next === undefined) return undefined;
  return `${dateIn(locale, nextChargeAt)}, ${decimalIn(locale, next.amount, currency)}`;
}

/** The subscription's own language first, then the browser's. */
function speechOf({ subscription, acceptLanguage }: ManagementFrame) {
  const { cashierLanguage = '' } = subscription.echo.paymentInfo as { readonly cashierLanguage?: string };
  const locale = preferredLocale(cashierLanguage || acceptLanguage);
  return { locale, text: subscriptionTexts[locale] };
}

function framed(frame: ManagementFrame, main: Html, head?: Html): Html {
  const { locale, text } = speechOf(frame);
  const { subscription, merchantName } = frame;
  const header = html`<header><span>${merchantName}</span>${headlineOf(planOf(locale, subscription))}</header>`;
  return documentIn({ locale, title: `${text.title} – ${merchantName}` }, html`${header}${main}`, head);
}
