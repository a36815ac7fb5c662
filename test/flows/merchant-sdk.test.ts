/** The seed's calls, written with the merchant SDK and the browser SDK, against a whole gateway. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import WaffoSDK from '@waffo/payment-sdk';
import { Waffo, WaffoUnknownStatusError, type WebhookAnswer } from '@waffo/waffo-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
let waffo: Waffo;
const answers: WebhookAnswer[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const webhook = waffo
      .webhook()
      .onTokenization(() => {})
      .onPayment(() => {});
    const answer = await webhook.handleWebhook(Buffer.concat(chunks), String(request.headers['x-signature'] ?? ''));
    answers.push(answer);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
});
let notifyUrl = '';

beforeAll(async () => {
  gateway = await startTestGateway();
  const { baseUrl, merchantId, apiKey, merchantPrivateKey, waffoPublicKey } = gateway.merchant;
  waffo = new Waffo({
    baseUrl,
    merchantId,
    apiKey,
    privateKey: merchantPrivateKey,
    waffoPublicKey,
    environment: 'sandbox',
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  notifyUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
});
afterAll(async () => {
  await gateway.stop();
  server.close();
  server.closeAllConnections();
});

test('generate, tokenizationSubmit, the webhook, create, inquiry, remove', async () => {
  const tokenRequestId = freshId('treq');
  const generated = await waffo
    .tokenization()
    .generate({ tokenRequestId, merchantUserId: 'user_123', tokenType: 'CARD', notifyUrl });
  const { tokenSessionId = '' } = generated.unwrap();

  const sdk = new WaffoSDK(gateway.merchant.clientApiKey, {
    env: 'sandbox',
    locale: 'en',
    baseUrl: gateway.merchant.baseUrl,
  });
  const result = await sdk.tokenizationSubmit(tokenSessionId, {
    tokenData: { pan: '4111111111111111', name: 'John Doe', expiry: '12/2030', cvv: '123' },
    billingAddress: {
      countryCode: 'USA',
      region: 'CA',
      city: 'San Francisco',
      postalCode: '94102',
      address: '123 Main St',
    },
  });
  expect(result).toEqual({ success: true, data: { tokenRequestId } });

  await gateway.settle();
  const [told] = answers as [WebhookAnswer];
  expect(told).toMatchObject({ success: true, event: { eventType: 'TOKENIZATION_NOTIFICATION' } });
  const [token] = (await waffo.tokenization().inquiry({ merchantUserId: 'user_123' })).unwrap();
  expect(told.event?.result).toMatchObject({ tokenId: token?.tokenId, tokenStatus: 'UNVERIFIED' });

  const response = await waffo.order().create({
    paymentRequestId: freshId('p').slice(-32),
    merchantOrderId: 'ORDER_001',
    orderCurrency: 'HKD',
    orderAmount: '100.00',
    orderDescription: 'Three teapots',
    tokenId: token?.tokenId,
    notifyUrl,
    userInfo: { userId: 'user_123', userEmail: 'user_123@example.com', userTerminal: 'WEB' },
    paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
  });
  expect(response.isSuccess()).toBe(true);
  const { acquiringOrderId, orderStatus } = response.unwrap();
  expect(orderStatus).toBe('PAY_SUCCESS');
  const order = (await waffo.order().inquiry({ acquiringOrderId })).unwrap();
  await gateway.settle();
  expect(answers.map(({ event }) => event?.result)).toContainEqual(order);
  expect(answers.every(({ success }) => success)).toBe(true);

  expect((await waffo.tokenization().remove({ tokenType: 'CARD', tokenId: token?.tokenId })).isSuccess()).toBe(true);
  const again = await waffo.order().create({
    paymentRequestId: freshId('p').slice(-32),
    merchantOrderId: 'ORDER_002',
    orderCurrency: 'HKD',
    orderAmount: '100.00',
    orderDescription: 'Three teapots',
    tokenId: token?.tokenId,
    notifyUrl,
    userInfo: { userId: 'user_123', userEmail: 'user_123@example.com', userTerminal: 'WEB' },
    paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
  });
  expect(again.getCode()).toBe('A0037');
});

test('an unknown status is thrown as such, and an inquiry tells later what became of the order', async () => {
  const tokenId = await gateway.bind();
  const paymentRequestId = freshId('p').slice(-32);
  const params = {
    paymentRequestId,
    merchantOrderId: 'ORDER_003',
    orderCurrency: 'HKD',
    orderAmount: '92',
    orderDescription: 'Three teapots',
    tokenId,
    notifyUrl,
    userInfo: { userId: 'user_1', userEmail: 'user_1@example.com', userTerminal: 'WEB' },
    paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
  };
  const response = await waffo.order().create(params);
  expect(response.getError()).toBeInstanceOf(WaffoUnknownStatusError);
  expect(response.getError()).toMatchObject({ code: 'E0001', requestId: expect.any(String), httpStatus: 500 });
  expect((await waffo.order().inquiry({ paymentRequestId })).unwrap().orderStatus).toBe('PAY_IN_PROGRESS');
  await gateway.travel(3_600_000);
  expect((await waffo.order().inquiry({ paymentRequestId })).unwrap().orderStatus).toBe('PAY_SUCCESS');
  expect((await waffo.order().create(params)).unwrap().orderStatus).toBe('PAY_SUCCESS');
});

test('a shopper is subscribed, renewed and unsubscribed, and each is told', async () => {
  const seen: unknown[] = [];
  const webhook = waffo
    .webhook()
    .onSubscriptionStatus(({ subscriptionStatus }) => seen.push(subscriptionStatus))
    .onSubscriptionPeriod(({ productInfo }) => seen.push(productInfo.currentPeriod));
  const created = await waffo.subscription().create({
    subscriptionRequest: freshId('s').slice(-32),
    merchantSubscriptionId: 'PLAN_TEA',
    currency: 'HKD',
    amount: '100.00',
    tokenId: await gateway.bind(),
    notifyUrl: gateway.receiver.url,
    userInfo: { userId: 'user_1', userEmail: 'user_1@example.com' },
    productInfo: { description: 'Tea of the month', periodType: 'MONTHLY', periodInterval: '1' },
    paymentInfo: { productName: 'SUBSCRIPTION', payMethodType: 'CREDITCARD' },
  });
  const { subscriptionId, subscriptionStatus } = created.unwrap();
  expect(subscriptionStatus).toBe('ACTIVE');
  await gateway.travel(31 * 86_400_000);
  const { paymentDetails } = (await waffo.subscription().inquiry({ subscriptionId, paymentDetails: 1 })).unwrap();
  expect(paymentDetails?.map(({ period }) => period)).toEqual(['1', '2']);
  const changed = (await waffo.subscription().update({ subscriptionId, amount: '120.00' })).unwrap();
  expect(changed).toMatchObject({ previousAmount: '100.00', newAmount: '120.00', nextEffectivePeriod: '3' });
  const ended = (await waffo.subscription().cancel({ subscriptionId })).unwrap();
  expect(ended.orderStatus).toBe('MERCHANT_CANCELLED');
  await gateway.settle();
  for (const { body, headers } of gateway.receiver.received.filter(({ event }) => event.eventType.startsWith('SUBS'))) {
    expect(await webhook.handleWebhook(body, headers['x-signature'])).toMatchObject({ success: true, handled: true });
  }
  expect(seen).toEqual(['ACTIVE', '2', 'MERCHANT_CANCELLED']);
});

test('an API key that the gateway does not know is told apart from a forged answer', async () => {
  const { baseUrl, merchantId, merchantPrivateKey, waffoPublicKey } = gateway.merchant;
  const stranger = new Waffo({
    baseUrl,
    merchantId,
    apiKey: 'wk_test_nobody',
    privateKey: merchantPrivateKey,
    waffoPublicKey,
    environment: 'sandbox',
  });
  const response = await stranger.tokenization().inquiry({ merchantUserId: 'u' });
  expect(response.getCode()).toBe('S0004');
  expect(() => response.unwrap()).toThrow(/check apiKey and baseUrl/);
});

test('a declined card is a clean message in the language of the page', async () => {
  const { tokenSessionId = '' } = (
    await waffo
      .tokenization()
      .generate({ tokenRequestId: freshId('t'), merchantUserId: 'u2', tokenType: 'CARD', notifyUrl })
  ).unwrap();
  const sdk = new WaffoSDK(gateway.merchant.clientApiKey, {
    env: 'sandbox',
    locale: 'zh-HK',
    baseUrl: gateway.merchant.baseUrl,
  });
  const result = await sdk.tokenizationSubmit(tokenSessionId, {
    tokenData: { pan: '4576750000000220', name: 'John Doe', expiry: '12/2029', cvv: '123' },
  });
  expect(result).toMatchObject({ success: false, error: { code: 'C0005' } });
  if (!result.success) expect(result.error.message).toMatch(/[\u4e00-\u9fff]/);
});
