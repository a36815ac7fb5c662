/** The operator's own door: method and path → what it does, one line each. Not of the published API. */
import { z } from 'zod';
import { type OperatorRoute, operatorRoute as route, type Told } from './http/operator.ts';
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

const nothing = z.strictObject({});
const page = z.strictObject({
  after: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
const status = z.strictObject({ status: z.enum(['ACTIVE', 'SUSPENDED']) });
const origins = z.strictObject({ origins: z.array(z.string().max(256)).max(50) });
const publicKey = z.strictObject({ publicKey: z.string().max(8192) });
const proof = z.strictObject({ proof: z.string().max(1024) });

/** One merchant, and one of its keys. */
const one = '/merchants/:merchantId';
const apiKey = `${one}/api-keys/:keyId`;
const clientKey = `${one}/client-keys/:keyId`;
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
];

/** What an operator is told of its wishes. */
export const operatorProblems: readonly Told[] = [
  { error: AdministrationRefused, status: 400, code: 'REFUSED' },
  { error: KeyRefused, status: 400, code: 'KEY_REFUSED' },
];
