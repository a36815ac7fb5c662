/** Nothing that the gateway offers or tells is missing here: the protocol's own lists are the measure. */
import { generateKeyPairSync } from 'node:crypto';
import { notifications } from '@waffo/protocol/notifications';
import { operations } from '@waffo/protocol/operations/all';
import { exportPrivateKey, exportPublicKey } from '@waffo/protocol/signature';
import { expect, test } from 'vitest';
import { signWebhookForTest } from './sign-webhook-for-test.ts';
import { Waffo } from './waffo.ts';

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const gateway = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** @param asked - gets the path of each request below `/api/v1` */
const clientThatTells = (asked: (path: string) => void): Waffo =>
  new Waffo({
    environment: 'sandbox',
    baseUrl: 'http://127.0.0.1:9/api/v1',
    merchantId: 'M_1',
    apiKey: 'wk_test_1',
    privateKey: exportPrivateKey(merchant.privateKey),
    waffoPublicKey: exportPublicKey(gateway.publicKey),
    maxRetries: 0,
    fetch: async (url) => {
      asked(new URL(String(url)).pathname.replace('/api/v1', ''));
      throw new TypeError('nobody is there');
    },
  });

/** Methods of a client or of its webhook, those of the class itself left out. */
const methodsOf = (thing: object): [string, (argument: unknown) => unknown][] =>
  [...Object.keys(thing), ...Object.getOwnPropertyNames(Object.getPrototypeOf(thing))]
    .map((name): [string, unknown] => [name, Reflect.get(thing, name)])
    .filter((entry): entry is [string, (argument: unknown) => unknown] => typeof entry[1] === 'function')
    .filter(([name]) => !(name in Object.prototype));

test('each operation of a merchant has exactly one method', async () => {
  const asked: string[] = [];
  const waffo = clientThatTells((path) => asked.push(path));
  const resources = methodsOf(waffo).filter(([name]) => name !== 'webhook');
  for (const [, resource] of resources) {
    for (const [, method] of methodsOf(resource.call(waffo, undefined) as object)) await method({});
  }
  const offered = operations.filter(({ door }) => door === 'merchant').map(({ path }) => path);
  expect(asked.sort()).toEqual([...offered].sort());
});

test('each kind of notification reaches exactly one handler that is its own', async () => {
  for (const notification of notifications) {
    const eventType = notification.shape.eventType.value;
    const webhook = clientThatTells(() => {}).webhook();
    const called: string[] = [];
    for (const [name, register] of methodsOf(webhook)) {
      if (/^on[A-Z]/.test(name)) register.call(webhook, () => called.push(name));
    }
    const { rawBody, signature } = await signWebhookForTest(
      { eventType, result: {} },
      exportPrivateKey(gateway.privateKey),
    );
    expect(await webhook.handleWebhook(rawBody, signature)).toMatchObject({ success: true, handled: true });
    expect(called, eventType).toEqual([expect.not.stringMatching(/^onOther$/)]);
  }
});
