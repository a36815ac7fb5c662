/** The checkout page's markup. No inline script or style, nothing from elsewhere; whatever a merchant named itself is text. */
import type { Order } from '../order/order.ts';
import type { Subscription } from '../subscription/subscription.ts';
import { agreementOf } from './agreement.ts';
import { cardForm, type Refusal, type SavedCard, savedForm } from './card-form.ts';
import { amountIn, decimalIn } from './challenge-markup.ts';
import { type Locale, preferredLocale } from './challenge-text.ts';
import { type CheckoutText, checkoutTexts } from './checkout-text.ts';
import { documentIn, headlineOf } from './document.ts';
import { type Html, html } from './html.ts';
import { planIn } from './plan-text.ts';

/** How the page speaks and looks, and what stands at its head. */
export interface Framing {
  readonly order: Order;
  /** What the order is the first payment of. */
  readonly subscription: Subscription | undefined;
  readonly merchantName: string;
  readonly acceptLanguage: string;
  readonly address: string;
}

export interface Choice extends Framing {
  readonly sessionId: string;
  readonly now: Date;
  readonly saved: readonly SavedCard[];
  /** A shopper with a name may keep a card. */
  readonly maySave: boolean;
  readonly isSandbox: boolean;
  readonly takesCard: boolean;
  /** Ways to pay besides a card, which the sandbox plays. */
  readonly others: readonly string[];
  readonly refused?: Refusal | undefined;
}

/** Asks the shopper how he wants to pay. */
export function renderChoice(choice: Choice): Html {
  const { locale, text } = speechOf(choice);
  const { saved, refused, isSandbox, address, subscription, now } = choice;
  const forms = { ...choice, useSaved: text.paySaved, useNew: subscription === undefined ? text.pay : text.subscribe };
  return documentOf(
    choice,
    titleOf(choice, text),
    html`
    ${summaryOf(choice)}
    <h1>${titleOf(choice, text)}</h1>
    ${subscription !== undefined && agreementOf(locale, subscription, now)}
    ${refused !== undefined && html`<p class="wrong" role="alert">${text.refused[refused.reason]}</p>`}
    ${saved.length > 0 && savedForm(forms, text)}
    ${choice.takesCard && cardForm(forms, text)}
    ${
      isSandbox &&
      html`<form method="post" action="${address}" class="sandbox">
      <p>${text.simulator}</p>
      ${choice.others.length > 0 && methodList(choice, text)}
      <div class="buttons">
        <button name="action" value="simulate-success" class="quiet">${text.succeed}</button>
        <button name="action" value="simulate-failure" class="quiet">${text.fail}</button>
      </div>
    </form>`
    }
    <form method="post" action="${address}" class="leave"><button name="action" value="cancel" class="link">${text.cancel}</button></form>`,
    html`<script src="/page/checkout.js" defer></script>`,
  );
}

/**
 * While the charge is on its way. The page leads to an address that answers when that is over: a page that reloads itself
 * every few seconds would be read out every few seconds.
 */
export function renderProcessing(framing: Framing): Html {
  const { text } = speechOf(framing);
  return documentOf(
    framing,
    text.processing,
    html`${summaryOf(framing)}<div role="status"><h1>${text.processing}</h1></div>`,
    html`<meta http-equiv="refresh" content="0; url=${framing.address}/wait">`,
  );
}

/** In a frame: the bank wants to see the shopper, on a page of its own. */
export function renderStepOut(framing: Framing, challengeUrl: string): Html {
  const { text } = speechOf(framing);
  return documentOf(
    framing,
    text.bank,
    html`
    ${summaryOf(framing)}
    <h1>${text.bank}</h1>
    <p class="buttons"><a class="button" target="_top" href="${challengeUrl}">${text.toBank}</a></p>`,
  );
}

const titleOf = ({ subscription }: Framing, text: CheckoutText): string =>
  subscription === undefined ? text.title : text.subscription;

/** Tells how it ended. @param confirmUrl - where the shopper goes on, of his own will */
export function renderResult(
  framing: Framing,
  end: { readonly status: 'success' | 'failed'; readonly cause?: keyof CheckoutText['causes'] | undefined },
  confirmUrl: string | undefined,
): Html {
  const { text } = speechOf(framing);
  const isBegun = end.status === 'success' && framing.subscription !== undefined;
  const { status, cause } = end;
  const shown = cause === 'cancelled' ? cause : status;
  const heading = isBegun ? text.subscribed : text.ends[shown];
  return documentOf(
    framing,
    heading,
    html`
    ${summaryOf(framing)}
    <p class="mark ${shown}" aria-hidden="true">${marks[shown]}</p>
    <h1>${heading}</h1>
    ${cause !== undefined && html`<p>${text.causes[cause]}</p>`}
    ${
      confirmUrl === undefined
        ? html`<p class="hint">${text.close}</p>`
        : html`<p class="buttons"><a class="button" target="_top" href="${confirmUrl}">${text.confirm}</a></p>`
    }`,
  );
}

const marks = { success: '✓', failed: '!', cancelled: '×' };

function methodList({ others, takesCard }: Choice, text: CheckoutText): Html {
  const names = others.map((name) => html`<option value="${name}">${name}</option>`);
  const card = takesCard ? html`<option value="">${text.card}</option>` : html``;
  return html`<p><label for="method">${text.method}</label>
      <select id="method" name="method">${names.reduce((all, name) => html`${all}${name}`, card)}</select></p>`;
}

function summaryOf({ order, subscription, merchantName, acceptLanguage }: Framing): Html {
  const { locale } = speechOf({ order, acceptLanguage });
  const plan = subscription && planOf(locale, subscription);
  return html`<header><span>${merchantName}</span>
      ${headlineOf(amountIn(locale, order.amountMinor, order.currency))}
      <span class="faint">${order.echo.orderDescription}</span>
      ${plan !== undefined && html`<span class="faint">${plan}</span>`}</header>`;
}

/** What is paid from then on, e.g. `HKD 100.00 every month`. */
export const planOf = (locale: Locale, { currency, terms }: Subscription): string =>
  planIn(locale, decimalIn(locale, terms.amount, currency), terms.plan.cycle);

/** The order's own language first, then the browser's. */
function speechOf({ order, acceptLanguage }: Pick<Framing, 'order' | 'acceptLanguage'>) {
  const { cashierLanguage = '' } = order.echo.paymentInfo as { readonly cashierLanguage?: string };
  const locale = preferredLocale(cashierLanguage || acceptLanguage);
  return { locale, text: checkoutTexts[locale] };
}

const documentOf = (framing: Framing, title: string, main: Html, head?: Html): Html =>
  documentIn(
    { locale: speechOf(framing).locale, title: `${title} – ${framing.merchantName}` },
    main,
    html`<link rel="stylesheet" href="${framing.address}/theme.css">
  ${head}`,
  );
