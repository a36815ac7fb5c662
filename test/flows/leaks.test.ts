/** No card number and no security code ever rests in a log, an answer, a webhook or the database. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCheckout, payByCard } from '../kit/checkout.ts';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { dump, lineOf, type Sentinel, scannerFor } from '../kit/leak-scan.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

/** Luhn-valid numbers that occur nowhere by accident. */
const sentinels: Sentinel[] = Array.from({ length: 40 }, (_, i) => ({
  pan: withCheckDigit(`4929${String(73_519_264_801 + i * 977)}`),
  cvv: String(731 + i),
}));

test('a whole run of bindings, refusals, payments and removals leaves no card in any sink', async () => {
  for (const [i, card] of sentinels.entries()) {
    const tokenRequestId = freshId('leak');
    const body = { tokenRequestId, merchantUserId: `leak_${i}`, tokenType: 'CARD', notifyUrl: gateway.receiver.url };
    if (i % 4 === 3) {
      const tokenData = { pan: card.pan, expiry: i % 8 === 3 ? '12/2025' : '12/2030', cvv: card.cvv, name: 'Ada' };
      await gateway.call('/tokenization/generate', { ...body, tokenData }, gateway.pci);
      continue;
    }
    const { data } = await gateway.call('/tokenization/generate', body);
    await gateway.submit(data.tokenSessionId, {
      pan: card.pan,
      cvv: card.cvv ?? '',
      ...(i % 4 === 1 && { expiry: '12/2025' }),
    });
    const [token] = (await gateway.call('/tokenization/inquiry', { tokenRequestId })).data;
    if (token === undefined) continue;
    await gateway.call(
      '/order/create',
      orderOf(gateway, { tokenId: token.tokenId, orderAmount: i % 8 === 0 ? '92.00' : '100.00' }),
    );
    if (i % 4 === 2) await gateway.call('/tokenization/remove', { tokenId: token.tokenId });
  }
  // Refusals that quote what they were sent.
  const [card] = sentinels as [Sentinel];
  await gateway.call('/tokenization/generate', { tokenRequestId: 'x', merchantUserId: 'u', tokenType: card.pan });
  await gateway.send('/api/v1/tokenization/generate', `{"pan":"${card.pan}","pan":"${card.pan}"}`, {
    'content-type': 'application/json',
  });
  await gateway.send(
    '/api/v1/tokenization/submit',
    JSON.stringify({ tokenSessionId: card.pan, encryptedCard: card.pan }),
    {
      'content-type': 'application/json',
      'x-api-key': gateway.merchant.clientApiKey,
    },
  );
  await gateway.travel(24 * 3_600_000);

  expect(gateway.receiver.received.length).toBeGreaterThan(sentinels.length / 2);
  await expectNoLeak(sentinels);
});

test('nor does the hosted checkout: cards paid, refused and saved, and the pages it answers with', async () => {
  const cards: Sentinel[] = Array.from({ length: 8 }, (_, i) => ({
    pan: withCheckDigit(`4929${String(61_845_309_277 + i * 983)}`),
    cvv: String(641 + i),
  }));
  const pages: string[] = [];
  for (const [i, { pan, cvv = '' }] of cards.entries()) {
    const checkout = await openCheckout(gateway);
    const expiry = i % 4 === 1 ? '12/2025' : '12/2030';
    const page = await payByCard(checkout, { pan, cvv, expiry }, i % 2 === 0 ? { saveCard: 'yes' } : {});
    pages.push(page.text, JSON.stringify(page));
    await gateway.call('/order/inquiry', { acquiringOrderId: checkout.acquiringOrderId });
  }
  expect(pages.join('')).toContain('Payment Successful');
  await gateway.settle();
  const saved = gateway.receiver
    .events('TOKENIZATION_NOTIFICATION')
    .map(({ result }) => String(result.tokenData?.maskedCardInfo).slice(-4));
  expect(saved).toContain(cards[0]?.pan.slice(-4));
  await expectNoLeak(cards, { pages: pages.join('\n') });
});

async function expectNoLeak(cards: readonly Sentinel[], more: Record<string, string> = {}): Promise<void> {
  const scanner = scannerFor(cards);
  const sinks = {
    ...more,
    log: gateway.logLines.join(''),
    answers: gateway.answers.map(({ raw }) => raw).join('\n'),
    webhooks: gateway.receiver.received.map(({ body, headers }) => `${JSON.stringify(headers)}${body}`).join('\n'),
    database: await dump((statement) => gateway.database.rows(statement)),
  };
  for (const [sink, content] of Object.entries(sinks)) {
    expect(content.length, `${sink} is empty: the scan proves nothing`).toBeGreaterThan(1_000);
    const leaks = scanner.find(content).map(lineOf);
    expect(leaks, sink).toEqual([]);
  }
}

function withCheckDigit(body: string): string {
  const sum = [...body].reverse().reduce((total, digit, i) => {
    const doubled = Number(digit) * (i % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
}
