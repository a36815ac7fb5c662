/**
 * The 3-D Secure challenge: the page behind `validateUrl`, and what is posted from it. It shows how things stand and sends
 * what was typed on; it decides nothing. Each post is answered with a redirect, so that a reload repeats nothing.
 */
import { forMerchant, type Gateway } from '../gateway.ts';
import { type Authentication, isOver } from '../threeds/authentication.ts';
import { askAcs, type ChallengeAnswer, complete, type Takers } from '../threeds/complete.ts';
import { openLink, visitorsAuthentication } from '../threeds/visit.ts';
import { renderChallenge, renderEnd } from './challenge-markup.ts';
import { type PageAnswer, seeOther, type Visit } from './page.ts';

const cookieName = 'waffo_3ds';
const cookieSeconds = 15 * 60;
const addressOf = (authenticationId: string): string => `/3ds/${authenticationId}`;

/** `GET /3ds/<id>/<secret>`: uses the link up, gives the browser its cookie, and shows the page without the secret. */
export async function openChallenge(gateway: Gateway, visit: Visit): Promise<PageAnswer> {
  const { authenticationId = '', secret = '' } = visit.params;
  const address = addressOf(authenticationId);
  if ((await visitorOf(gateway, visit)) !== undefined) return seeOther(address);
  const cookie = await openLink(gateway, { authenticationId, secret: Buffer.from(secret, 'base64url') });
  if (cookie === undefined) return unusable(visit);
  const secure = gateway.publicUrl().startsWith('https:') ? '; Secure' : '';
  const attributes = `Path=${address}; Max-Age=${cookieSeconds}; HttpOnly; SameSite=Lax${secure}`;
  return seeOther(address, { 'Set-Cookie': `${cookieName}=${cookie.toString('base64url')}; ${attributes}` });
}

/** `GET /3ds/<id>`: the question while it is open, the end afterwards. */
export async function showChallenge(gateway: Gateway, takers: Takers, visit: Visit): Promise<PageAnswer> {
  const visitor = await visitorOf(gateway, visit);
  if (visitor === undefined) return unusable(visit);
  await complete(gateway, takers, visitor.authentication, visitor.secret);
  const authentication = (await visitorOf(gateway, visit))?.authentication ?? visitor.authentication;
  if (authentication.status !== 'CHALLENGE') return showEnd(gateway, takers, visit, authentication);
  const answer = await askAcs(gateway, authentication);
  return { status: 200, body: renderChallenge(languageFor(authentication, visit), authentication, answer) };
}

/** `POST /3ds/<id>`: a code, or the end of patience. */
export async function answerChallenge(gateway: Gateway, takers: Takers, visit: Visit): Promise<PageAnswer> {
  const visitor = await visitorOf(gateway, visit);
  if (visitor === undefined || !['', 'same-origin'].includes(visit.fetchSite)) return unusable(visit);
  const { authentication, secret } = visitor;
  const answer = answerIn(visit.form);
  const { clock } = await forMerchant(gateway, authentication.merchantId);
  const isLate = isOver(authentication, clock.now());
  if (authentication.status === 'CHALLENGE' && answer !== undefined && !isLate) {
    await askAcs(gateway, authentication, answer);
  }
  await complete(gateway, takers, authentication, secret);
  return seeOther(addressOf(authentication.authenticationId));
}

function answerIn(form: URLSearchParams): ChallengeAnswer | undefined {
  if (form.get('action') === 'cancel') return { challengeCancel: '01' };
  const challengeDataEntry = form.get('challengeDataEntry')?.slice(0, 64) ?? '';
  return challengeDataEntry === '' ? undefined : { challengeDataEntry };
}

async function visitorOf(
  gateway: Gateway,
  { params, cookie }: Visit,
): Promise<{ authentication: Authentication; secret: Buffer } | undefined> {
  const value = cookie(cookieName);
  if (value === undefined) return undefined;
  const secret = Buffer.from(value, 'base64url');
  const authentication = await visitorsAuthentication(gateway, params.authenticationId ?? '', secret);
  return authentication && { authentication, secret };
}

async function showEnd(
  gateway: Gateway,
  takers: Takers,
  visit: Visit,
  authentication: Authentication,
): Promise<PageAnswer> {
  const { merchantId, subject, returnUrl, status, proof, amountMinor } = authentication;
  const { ending, returnUrl: otherUrl } = await takers[subject.kind].endingOf(gateway, merchantId, subject.id);
  const isGivenUp = ending === 'failed' && proof.challengeCancel !== undefined;
  const end = ending === 'failed' && status === 'EXPIRED' ? 'expired' : isGivenUp ? 'cancelled' : ending;
  const home = returnUrl === undefined ? otherUrl : withResult(returnUrl, ending);
  return { status: 200, body: renderEnd(languageFor(authentication, visit), end, home, amountMinor > 0n) };
}

/** The merchant's wish stands above the browser's, as on the checkout. */
const languageFor = ({ shown }: Authentication, { acceptLanguage }: Visit): string => shown.language || acceptLanguage;

function withResult(returnUrl: string, result: string): string {
  const url = new URL(returnUrl);
  url.searchParams.set('result', result);
  return url.href;
}

/** Unknown, foreign and used up look alike. */
const unusable = (visit: Visit): PageAnswer => ({ status: 404, body: renderEnd(visit.acceptLanguage, 'unusable') });
