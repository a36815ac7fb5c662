/** Door 2: what a shopper sees, and who carries on what happens there. One line each. */
import { answerChallenge, openChallenge, showChallenge } from './page/challenge.ts';
import { type Page, page, styleSheet } from './page/page.ts';
import type { Takers } from './threeds/complete.ts';
import { endingOfBinding, finishBinding } from './tokenization/finish.ts';

/** Who takes the result of a 3-D Secure authentication on. */
export const takers: Takers = { tokenization: { finish: finishBinding, endingOf: endingOfBinding } };

export const pages: readonly Page[] = [
  page('GET', '/3ds/:authenticationId', (gateway, visit) => showChallenge(gateway, takers, visit)),
  page('GET', '/3ds/:authenticationId/:secret', openChallenge),
  page('POST', '/3ds/:authenticationId', (gateway, visit) => answerChallenge(gateway, takers, visit)),
  styleSheet('/page/challenge.css', new URL('./page/challenge.css', import.meta.url)),
];
