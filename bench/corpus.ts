/** Requests signed beforehand: a client's own signatures cost as much as the gateway's and would be measured with them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sign } from '@waffo/protocol/signature';
import type { SandboxFile, SandboxMerchant } from '../packages/gateway/src/merchant/sandbox-home.ts';
import { privateKeyOf } from '../test/kit/keys.ts';
import { counted, sayPhase } from './progress.ts';
import { sideBySide } from './side-by-side.ts';

const apiPath = '/api/v1';

/** The thread pool signs, on as many cores as it has threads; it is never without work while the next ones are written down. */
const signedAtATime = 64;
/** Fewer are signed at once, as it seems. */
const worthTelling = 500;

/**
 * @param bodyOf - is given the number of the request; an object, or text that is no JSON of ours
 * @returns the bytes of so many HTTP requests
 */
export async function signedRequests(
  as: SandboxMerchant,
  path: string,
  count: number,
  bodyOf: (number: number) => object | string,
): Promise<Buffer[]> {
  if (count >= worthTelling) sayPhase(`signing ${counted(count, `requests ${path}`)}`);
  const key = privateKeyOf(as.merchantPrivateKey);
  return sideBySide(count, signedAtATime, async (number) => {
    const body = bodyOf(number);
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    return httpRequest(path, bytes, { 'x-api-key': as.apiKey, 'x-signature': await sign(bytes, key) });
  });
}

/** As the browser SDK sends it: no signature. */
export const browserRequest = (as: SandboxMerchant, path: string, body: object): Buffer =>
  httpRequest(path, Buffer.from(JSON.stringify(body)), { 'x-api-key': as.clientApiKey });

function httpRequest(path: string, body: Buffer, headers: Readonly<Record<string, string>>): Buffer {
  const lines = [
    `POST ${apiPath}${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${body.length}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

/** Writes requests as the generator reads them, in the place of what had this name before. @returns the file */
export async function corpus(folder: string, name: string, requests: readonly Buffer[]): Promise<string> {
  const file = join(folder, `${name}.corpus`);
  const parts = requests.flatMap((request) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(request.length);
    return [length, request];
  });
  await writeFile(file, Buffer.concat(parts));
  return file;
}

let counter = 0;
const fresh = (): string => `b${process.pid.toString(36)}${(++counter).toString(36)}`;

/** JSON with one member twice, which is refused; the refusal repeats the member's name, and so differs from any other. */
export function refusedBody(): string {
  const name = fresh();
  return `{"${name}":1,"${name}":2}`;
}

const requestedAt = new Date().toISOString();

export const generateOf = ({ merchantId }: SandboxFile, notifyUrl: string) => ({
  tokenRequestId: fresh(),
  merchantUserId: `u_${fresh()}`,
  tokenType: 'CARD',
  merchantInfo: { merchantId },
  notifyUrl,
});

export const orderOf = ({ merchantId }: SandboxFile, tokenId: string, notifyUrl: string) => ({
  paymentRequestId: fresh(),
  merchantOrderId: fresh(),
  orderCurrency: 'HKD',
  orderAmount: '100.00',
  orderDescription: 'Three teapots',
  orderRequestedAt: requestedAt,
  merchantInfo: { merchantId },
  userInfo: { userId: 'bench', userEmail: 'bench@example.com', userTerminal: 'WEB' },
  paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
  tokenId,
  notifyUrl,
});
