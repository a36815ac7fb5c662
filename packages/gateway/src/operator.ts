/** The operator's own door: method and path → what it does, one line each. Not of the published API. */
import { z } from 'zod';
import { Fault } from './fault.ts';
import { type OperatorRoute, operatorRoute as route, type Told } from './http/operator.ts';
import { advanceClock, freezeClock, journey, releaseClock, showClock, stillness } from './job/travel.ts';
import {
  AdministrationRefused,
  changeMerchant,
  createMerchant,
  listMerchants,
  merchantChange,
  newMerchant,
  setMerchantStatus,
  showMerchant,
} from './merchant/administer.ts';
import {
  claimPublicKey,
  issueApiKey,
  issueClientKey,
  KeyRefused,
  provePublicKey,
  revokeApiKey,
  revokeClientKey,
  revokePublicKey,
  setClientKeyOrigins,
} from './merchant/keys.ts';
import { currencyLimits, limitsOf, removeLimits, setLimits } from './merchant/set-limits.ts';
import { askAboutToken, listTokens, resumeToken, showToken, suspendToken } from './tokenization/suspend.ts';
import {
  eventChoice,
  eventPage,
  listChosen,
  resendChosen,
  resendOne,
  showOne,
  tryEndpoint,
} from './webhook/operate.ts';

const nothing = z.strictObject({});
const page = z.strictObject({
  after: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
const status = z.strictObject({ status: z.enum(['ACTIVE', 'SUSPENDED']) });
const userOfTokens = z.strictObject({ merchantUserId: z.string().min(1).max(64) });
const origins = z.strictObject({ origins: z.array(z.string().max(256)).max(50) });
const publicKey = z.strictObject({ publicKey: z.string().max(8192) });
const endpoint = z.strictObject({ url: z.string().max(1024).optional() });
const proof = z.strictObject({ proof: z.string().max(1024) });

/** One merchant, and one of its keys. */
const one = '/merchants/:merchantId';
const apiKey = `${one}/api-keys/:keyId`;
const clientKey = `${one}/client-keys/:keyId`;
const clock = `${one}/clock`;
const limits = `${one}/limits/:currency`;
const token = `${one}/tokens/:tokenId`;
const rsaKey = `${one}/public-keys/:keyId`;

export const operatorRoutes: readonly OperatorRoute[] = [
  route('GET', '/merchants', 'List merchants', page, (g, _, query) => listMerchants(g, query)),
  route('POST', '/merchants', 'Make a merchant; its keys are shown once', newMerchant, (g, _, wish) =>
    createMerchant(g, wish),
  ),
  route('GET', one, 'Show a merchant', nothing, (g, p) => showMerchant(g, p.merchantId)),
  route('PATCH', one, 'Change what its contract allows', merchantChange, (g, p, change) =>
    changeMerchant(g, p.merchantId, change),
  ),
  route('PUT', `${one}/status`, 'Suspend it, or let it back', status, (g, p, to) =>
    setMerchantStatus(g, p.merchantId, to.status),
  ),
  route('POST', `${one}/api-keys`, 'Issue an API key', nothing, (g, p) => issueApiKey(g, p.merchantId)),
  route('DELETE', apiKey, 'Revoke an API key', nothing, (g, p) => revokeApiKey(g, p.merchantId, p.keyId)),
  route('POST', `${one}/client-keys`, 'Issue a client key', origins, (g, p, to) =>
    issueClientKey(g, p.merchantId, to.origins),
  ),
  route('PUT', `${clientKey}/origins`, 'Set the origins of a client key', origins, (g, p, to) =>
    setClientKeyOrigins(g, p.merchantId, p.keyId, to.origins),
  ),
  route('DELETE', clientKey, 'Revoke a client key', nothing, (g, p) => revokeClientKey(g, p.merchantId, p.keyId)),
  route('POST', `${one}/public-keys`, 'Take a public key in; answers the challenge to sign', publicKey, (g, p, to) =>
    claimPublicKey(g, p.merchantId, to.publicKey),
  ),
  route('PUT', `${rsaKey}/proof`, 'Prove a public key, which makes it active', proof, (g, p, to) =>
    provePublicKey(g, p.merchantId, p.keyId, to.proof),
  ),
  route('DELETE', rsaKey, 'Revoke a public key', nothing, (g, p) => revokePublicKey(g, p.merchantId, p.keyId)),
  route('GET', `${one}/limits`, 'Show its limits by currency', nothing, (g, p) => limitsOf(g, p.merchantId)),
  route('PUT', limits, 'Cover a currency, with these limits', currencyLimits, (g, p, to) =>
    setLimits(g, p.merchantId, p.currency, to),
  ),
  route('DELETE', limits, 'Cover a currency no more', nothing, (g, p) => removeLimits(g, p.merchantId, p.currency)),
  route('GET', `${one}/tokens`, "List a user's tokens", userOfTokens, (g, p, of) =>
    listTokens(g, p.merchantId, of.merchantUserId),
  ),
  route('GET', token, 'Show a token', nothing, (g, p) => showToken(g, p.merchantId, p.tokenId)),
  route('PUT', `${token}/status`, 'Suspend a token, or let it back', status, (g, p, to) =>
    (to.status === 'SUSPENDED' ? suspendToken : resumeToken)(g, p.merchantId, p.tokenId),
  ),
  route('POST', `${token}/refresh`, 'Ask the account updater about its card', nothing, (g, p) =>
    askAboutToken(g, p.merchantId, p.tokenId),
  ),
  route('GET', clock, 'Show what time it lives in', nothing, (g, p) => showClock(g, p.merchantId)),
  route('POST', `${clock}/freeze`, 'Make its clock stand still', stillness, (g, p, to) =>
    freezeClock(g, p.merchantId, to.at, g),
  ),
  route('POST', `${clock}/advance`, 'Move its clock, doing what falls due on the way', journey, (g, p, to) =>
    advanceClock(g, p.merchantId, to, g),
  ),
  route('POST', `${clock}/release`, 'Let its clock run', nothing, (g, p) => releaseClock(g, p.merchantId, g)),
  route('POST', `${one}/endpoint-test`, 'Send a test notification, and say what is wrong', endpoint, (g, p, to) =>
    tryEndpoint(g, p.merchantId, to.url),
  ),
  route('GET', '/webhooks', 'List notifications, the newest first', eventPage, (g, _, query) => listChosen(g, query)),
  route('GET', '/webhooks/:eventId', 'Show one with every attempt', nothing, (g, p) => showOne(g, p.eventId)),
  route('POST', '/webhooks/:eventId/resend', 'Send one again', nothing, (g, p) => resendOne(g, p.eventId)),
  route('POST', '/webhooks/resend', 'Send a choice again', eventChoice, (g, _, choice) => resendChosen(g, choice)),
];

/** What an operator is told of its wishes. */
export const operatorProblems: readonly Told[] = [
  { error: AdministrationRefused, status: 400, code: 'REFUSED' },
  { error: KeyRefused, status: 400, code: 'KEY_REFUSED' },
  { error: Fault, status: 400, code: 'REFUSED' },
];
