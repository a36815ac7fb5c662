import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type FaultName, faults } from '@waffo/protocol/codes';
import { verify } from '@waffo/protocol/signature';
import { describe, expect, test } from 'vitest';
import { countSignatures } from '../../../../test/kit/private-key-operations.ts';
import { Fault } from '../fault.ts';
import { envelopeOf, renderFault, renderSuccess } from './render.ts';

const signed = countSignatures();

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const isSigned = (answer: { body: Buffer; signature: string }, key: KeyObject = publicKey) =>
  verify(answer.body, answer.signature, key);

describe.each(['order', 'tokenization'] as const)('in the %s envelope', (envelope) => {
  test.each(Object.keys(faults) as FaultName[])(
    '%s has its code, status and a signature over its bytes',
    async (name) => {
      const answer = await renderFault(envelope, new Fault(name), privateKey);
      const { code, msg, data, ...more } = JSON.parse(answer.body.toString());
      expect({ code, msg, status: answer.status }).toEqual({
        code: faults[name].code,
        msg: faults[name].msg,
        status: faults[name].http,
      });
      expect(data).toEqual(envelope === 'order' ? {} : null);
      expect(more).toEqual(envelope === 'order' ? {} : { msgParams: {}, success: false, fail: true });
      expect(isSigned(answer)).toBe(true);
    },
  );

  test('a success carries its data, null included', async () => {
    const answer = await renderSuccess(envelope, null, privateKey, false);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: '0', msg: 'success', data: null });
    expect(isSigned(answer)).toBe(true);
  });
});

test('a flood of one refusal costs one private-key operation for each key and envelope', async () => {
  const refuse = (key: KeyObject, envelope: 'order' | 'tokenization') =>
    renderFault(envelope, new Fault('TOKEN_EXPIRED'), key);
  const flood = Array.from({ length: 100 }, () => refuse(other.privateKey, 'order'));
  const answers = await Promise.all([...flood, refuse(other.privateKey, 'tokenization')]);
  await refuse(other.privateKey, 'order');
  expect(signed()).toBe(2);
  expect(answers.every((answer) => isSigned(answer, other.publicKey))).toBe(true);
});

test('a refusal with a message of its own is signed once, too, and no more than 500 texts are kept', async () => {
  const fresh = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const refuse = (n: number) => renderFault('order', new Fault('PARAMETER_INVALID', `text: expected ${n}`), fresh);
  for (let n = 0; n < 2; n++) await refuse(0);
  expect(signed()).toBe(1);
  for (let n = 1; n < 500; n++) await refuse(n);
  await refuse(0);
  expect(signed()).toBe(500);
  await refuse(500);
  await refuse(0);
  expect(signed()).toBe(502);
});

test('a repeat of what was done once costs no private-key operation, and is signed by the key of its own merchant', async () => {
  const answer = (n: number, key: KeyObject) => renderSuccess('order', { acquiringOrderId: `A${n}` }, key, true);
  const [first] = [await answer(1, privateKey), await answer(2, privateKey), await answer(1, other.privateKey)];
  expect(signed()).toBe(3);
  expect(await answer(1, privateKey)).toEqual(first);
  const othersAnswer = await answer(1, other.privateKey);
  expect(signed()).toBe(3);
  expect([isSigned(first), isSigned(othersAnswer, other.publicKey), isSigned(othersAnswer)]).toEqual([
    true,
    true,
    false,
  ]);
});

test('an answer to an inquiry is signed each time', async () => {
  for (let n = 0; n < 2; n++) await renderSuccess('order', { orderStatus: 'PAY_SUCCESS' }, privateKey, false);
  expect(signed()).toBe(2);
});

test('of 10,000 later answers the oldest makes room, and is signed anew', async () => {
  const fresh = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey;
  const answer = (n: number) => renderSuccess('order', { n }, fresh, true);
  for (let n = 0; n <= 10_000; n++) await answer(n);
  await answer(10_000);
  expect(signed()).toBe(10_001);
  await answer(0);
  expect(signed()).toBe(10_002);
});

test.each([
  ['/api/v1/tokenization/x', 'tokenization'],
  ['/api/v1/tokenization', 'order'],
  ['/api/v1/order/x', 'order'],
  ['/', 'order'],
])('the envelope of %s is that of %s paths', (url, envelope) => expect(envelopeOf(url)).toBe(envelope));
