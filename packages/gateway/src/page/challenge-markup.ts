/** The challenge page's markup. No script, no inline style, nothing from elsewhere; whatever a merchant named itself is text. */
import { exponentOf, fromMinorUnits, precisions } from '@waffo/protocol/money';
import type { CRes } from '../connector/threeds.ts';
import type { Authentication } from '../threeds/authentication.ts';
import { type ChallengeText, challengeTexts, type Locale, preferredLocale } from './challenge-text.ts';
import { checkoutTexts } from './checkout-text.ts';
import { type Html, html } from './html.ts';

/** Asks the shopper for the code. @param answer - the ACS's, to the CReq that only asks how things stand */
export function renderChallenge(
  acceptLanguage: string,
  authentication: Authentication,
  { challengeInfoTextIndicator, messageExtension: { triesLeft, simulatedCode } }: CRes,
): Html {
  const locale = preferredLocale(acceptLanguage);
  const text = challengeTexts[locale];
  const { shown, amountMinor, currency, expiresAt, createdAt } = authentication;
  const wrong = challengeInfoTextIndicator === 'Y' ? text.wrong(triesLeft) : undefined;
  const minutes = Math.round((expiresAt.getTime() - createdAt.getTime()) / 60_000);
  return documentOf(
    locale,
    wrong === undefined ? text.title : `${wrong} – ${text.title}`,
    html`
    <header><span class="issuer">${shown.issuerName || text.issuer}</span> <span class="scheme">${shown.scheme}</span></header>
    <h1>${text.title}</h1>
    <dl>
      <div><dt>${text.merchant}</dt><dd>${shown.merchantName}</dd></div>
      ${amountMinor > 0n && html`<div><dt>${text.amount}</dt><dd>${amountIn(locale, amountMinor, currency)}</dd></div>`}
      <div><dt>${text.card}</dt><dd class="digits">${shown.maskedCard}</dd></div>
    </dl>
    <p id="intro">${text.intro}</p>
    <form method="post" autocomplete="off">
      <label for="code">${text.code}</label>
      ${wrong !== undefined && html`<p id="wrong" class="wrong" role="alert">${wrong}</p>`}
      ${codeInput(wrong !== undefined)}
      <div class="buttons">
        <button type="submit" name="action" value="submit">${text.submit}</button>
        <button name="action" value="cancel" class="quiet" formnovalidate>${text.cancel}</button>
      </div>
    </form>
    ${simulatedCode !== undefined && html`<p class="sandbox">${text.simulated(simulatedCode)}</p>`}
    <p class="hint">${text.timeLimit(minutes)}</p>`,
  );
}

const codeInput = (wrong: boolean): Html => html`<input id="code" name="challengeDataEntry" required maxlength="64"
        inputmode="numeric" autocomplete="one-time-code" spellcheck="false" autocapitalize="off"
        aria-describedby="${wrong ? 'wrong intro' : 'intro'}" ${wrong && html`aria-invalid="true"`}>`;

/**
 * Tells how it ended, and sends the shopper home.
 *
 * @param isPayment - whether a payment was confirmed, and not the adding of a card
 * @param returnUrl - followed at once, by a fresh navigation: a redirect that follows a form may not leave this site, nor
 *   may any redirect of the shop's own after it
 */
export function renderEnd(
  acceptLanguage: string,
  end: keyof ChallengeText['ends'],
  returnUrl?: string,
  isPayment = false,
): Html {
  const locale = preferredLocale(acceptLanguage);
  const text = challengeTexts[locale];
  const { title, cause } = (isPayment && paymentEnd(locale, end)) || { title: text.ends[end] };
  const mark = { success: '✓', pending: '…', cancelled: '×' }[end as string] ?? '!';
  return documentOf(
    locale,
    title,
    html`
    <p class="mark ${end}" aria-hidden="true">${mark}</p>
    <h1>${title}</h1>
    ${cause !== undefined && html`<p>${cause}</p>`}
    ${returnUrl === undefined ? html`<p>${text.close}</p>` : html`<p><a class="button" href="${returnUrl}">${text.goOn}</a></p>`}`,
    returnUrl !== undefined && html`<meta http-equiv="refresh" content="0; url=${returnUrl}">`,
  );
}

/** What the end of a payment is called; undefined for ends that are none of its own. */
function paymentEnd(locale: Locale, end: string): { readonly title: string; readonly cause?: string } | undefined {
  const { ends, causes } = checkoutTexts[locale];
  if (end === 'success') return { title: ends.success };
  const told: Readonly<Record<string, string>> = { ...causes, failed: causes.declined };
  const cause = told[end];
  return cause === undefined ? undefined : { title: end === 'cancelled' ? ends.cancelled : ends.failed, cause };
}

const documentOf = (locale: string, title: string, main: Html, head?: Html | false): Html => html`<!doctype html>
<html lang="${locale}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title}</title>
  <link rel="stylesheet" href="/page/challenge.css">
  <link rel="icon" href="data:,">
  ${head}
</head>
<body>
  <main>${main}
  </main>
</body>
</html>
`;

/** @example amountIn('en', 10000n, 'HKD') // 'HKD 100.00' */
export const amountIn = (locale: string, amountMinor: bigint, currency: string): string =>
  decimalIn(locale, fromMinorUnits(amountMinor, currency), currency);

/**
 * As many decimals as the wire has: rupiah are shown with a fraction only when they have one.
 *
 * @param amount - decimal string in major units
 */
export function decimalIn(locale: string, amount: string, currency: string): string {
  const isWhole = precisions.get(currency) === 'special' && /^\d+(?:\.0+)?$/.test(amount);
  const fractionDigits = isWhole ? 0 : (exponentOf(currency) ?? 2);
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    // Stable coins have codes of four letters, which no language has a name for.
    currency: currency.length === 3 ? currency : 'USD',
    currencyDisplay: 'code',
    minimumFractionDigits: fractionDigits,
    maximumFractionDigits: fractionDigits,
  });
  const parts = format.formatToParts(amount as `${number}`);
  return parts.map(({ type, value }) => (type === 'currency' ? currency : value)).join('');
}
