/** Seals a card and submits it. From here on no step knows the card: not the request, not the result, not an error. */
import { EnvelopeError } from '@waffo/protocol/envelope/error';
import { seal } from '@waffo/protocol/envelope/seal';
import { readAddress, readCard } from './card-input.ts';
import { ownText, ownValue } from './own-value.ts';
import { fieldOf, type Refusal, refuse, type SubmitResult } from './result.ts';
import type { Settings } from './settings.ts';
import { type Answer, post } from './transport.ts';

const path = '/tokenization/submit';

/**
 * @param settings - see `settingsFrom`
 * @param tokenSessionId - as the merchant's backend received it
 * @param input - as the page gave it
 * @param now - decides whether the card has expired
 */
export async function tokenizationSubmit(
  settings: Settings,
  tokenSessionId: string,
  input: unknown,
  now: Date,
): Promise<SubmitResult> {
  if (settings.crypto === undefined) return refuse(settings.locale, { code: 'S0006' });
  const card = readCard(ownValue(input, 'tokenData'), settings.isProduction, now);
  if ('code' in card) return refuse(settings.locale, card);
  const encryptedCard = await sealed(tokenSessionId, card, settings.crypto);
  if (typeof encryptedCard !== 'string') return refuse(settings.locale, encryptedCard);
  const billingAddress = readAddress(ownValue(input, 'billingAddress'));
  const returnUrl = ownText(input, 'returnUrl') || undefined;
  const body = JSON.stringify({ tokenSessionId, encryptedCard, billingAddress, returnUrl });
  return resultOf(settings, await post(settings, path, body));
}

/** The card fits the record, or `readCard` would have refused it: what cannot be sealed to is the session. */
async function sealed(
  tokenSessionId: string,
  ...rest: [Parameters<typeof seal>[1], Settings['crypto']]
): Promise<string | Refusal> {
  try {
    return await seal(tokenSessionId, ...rest);
  } catch (error) {
    return error instanceof EnvelopeError ? { code: 'A0003', field: 'tokenSessionId' } : { code: 'S0006' };
  }
}

function resultOf(settings: Settings, answer: Answer): SubmitResult {
  const { code, msg, data } = answer;
  if (code !== '0') {
    tellDeveloper(settings, answer);
    return refuse(settings.locale, { code, field: fieldOf(msg) });
  }
  const tokenRequestId = ownText(data, 'tokenRequestId');
  const validateUrl = ownText(data, 'validateUrl');
  const isSound = tokenRequestId !== '' && (validateUrl === '' || mayVisit(validateUrl, settings));
  if (!isSound) return refuse(settings.locale, { code: 'S0005' });
  return { success: true, data: { tokenRequestId, ...(validateUrl !== '' && { validateUrl }) } };
}

/** The page is going to navigate there, so it must be a page: never `javascript:`, and over HTTPS in production. */
const mayVisit = (url: string, { isProduction }: Settings): boolean =>
  (isProduction ? /^https:\/\//i : /^https?:\/\//i).test(url);

/** The result's message is the shopper's. Outside production the developer is told the gateway's own words. */
function tellDeveloper({ isProduction }: Settings, { code, msg, hint }: Answer): void {
  if (isProduction) return;
  console.warn(`WaffoSDK: ${code} ${msg}${hint && ` (${hint})`}`);
}
