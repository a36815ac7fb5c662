import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { verify } from '@waffo/protocol/signature';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { createLog } from '../observe/log.ts';
import { shedLoad } from './shed.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

async function serverThatIs(late: () => number, limitMs = 100) {
  const lines: string[] = [];
  const http = fastify();
  const log = createLog({ level: 'info', write: (line) => lines.push(line) });
  await shedLoad(http, { log, system: pair.privateKey }, limitMs, late);
  http.post('/api/v1/order/create', async () => 'done');
  http.get('/health/live', async () => 'live');
  const call = () => http.inject({ method: 'POST', url: '/api/v1/order/create', payload: {} });
  return { http, lines, call };
}

test('a process that cannot keep up turns calls away, signed, until it can; health is answered all the while', async () => {
  let late = 0;
  const { http, lines, call } = await serverThatIs(() => late);
  expect((await call()).statusCode).toBe(200);
  late = 101;
  await sleep(1_100);
  const answer = await call();
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({ code: 'C0001', data: {} });
  expect(answer.headers['retry-after']).toBe('1');
  expect(verify(answer.rawPayload, String(answer.headers['x-signature']), pair.publicKey)).toBe(true);
  expect((await http.inject('/health/live')).statusCode).toBe(200);
  late = 0;
  await sleep(1_100);
  expect((await call()).statusCode).toBe(200);
  expect(lines.join()).toContain('turned away');
  await http.close();
});

test('a loop that is blocked is noticed by itself', async () => {
  const http = fastify();
  const log = createLog({ level: 'error', write: () => {} });
  await shedLoad(http, { log, system: pair.privateKey }, 50);
  http.post('/api/v1/order/create', async () => 'done');
  const until = Date.now() + 1_500;
  let seen = 200;
  while (Date.now() < until && seen === 200) {
    const blockedUntil = Date.now() + 150;
    while (Date.now() < blockedUntil);
    await sleep(1);
    seen = (await http.inject({ method: 'POST', url: '/api/v1/order/create', payload: {} })).statusCode;
  }
  expect(seen).toBe(503);
  await http.close();
});

test('0 turns nobody away', async () => {
  const { http, call } = await serverThatIs(() => 10_000, 0);
  await sleep(600);
  expect((await call()).statusCode).toBe(200);
  await http.close();
});
