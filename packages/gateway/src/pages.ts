/** Door 2: what a shopper sees, and who carries on what happens there. One line each. */
import { endingOfOrder, finishOrder } from './order/finish.ts';
import { answerChallenge, openChallenge, showChallenge } from './page/challenge.ts';
import { awaitCheckout, payCheckout, showCheckout, showResult, showTheme } from './page/checkout.ts';
import { type Page, page, script, styleSheet } from './page/page.ts';
import { changeSubscription, showCardChange, showSubscription, takeCard } from './page/subscription.ts';
import type { Takers } from './threeds/complete.ts';
import { endingOfBinding, finishBinding } from './tokenization/finish.ts';

/** Who takes the result of a 3-D Secure authentication on. */
export const takers: Takers = {
  tokenization: { finish: finishBinding, endingOf: endingOfBinding },
  order: { finish: finishOrder, endingOf: endingOfOrder },
};

export const pages: readonly Page[] = [
  page('GET', '/3ds/:authenticationId', (gateway, visit) => showChallenge(gateway, takers, visit)),
  page('GET', '/3ds/:authenticationId/:secret', openChallenge),
  page('POST', '/3ds/:authenticationId', (gateway, visit) => answerChallenge(gateway, takers, visit)),
  page('GET', '/checkout/:acquiringOrderId/:secret', showCheckout),
  page('POST', '/checkout/:acquiringOrderId/:secret', payCheckout),
  page('GET', '/checkout/:acquiringOrderId/:secret/result', showResult),
  page('GET', '/checkout/:acquiringOrderId/:secret/wait', awaitCheckout),
  page('GET', '/checkout/:acquiringOrderId/:secret/theme.css', showTheme),
  page('GET', '/subscription/:subscriptionId/:secret', showSubscription),
  page('POST', '/subscription/:subscriptionId/:secret', changeSubscription),
  page('GET', '/subscription/:subscriptionId/:secret/card/:tokenRequestId', showCardChange),
  page('POST', '/subscription/:subscriptionId/:secret/card/:tokenRequestId', takeCard),
  styleSheet('/page/checkout.css', new URL('./page/checkout.css', import.meta.url)),
  script('/page/checkout.js', new URL('../../payment-sdk/dist/checkout.js', import.meta.url)),
  styleSheet('/page/challenge.css', new URL('./page/challenge.css', import.meta.url)),
];
