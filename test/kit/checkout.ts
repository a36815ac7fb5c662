/** A checkout without a screen: an order that waits, its link, and what the page's script would post. */
import type { CardInput } from '@waffo/protocol/envelope/record';
import { seal } from '@waffo/protocol/envelope/seal';
import { orderOf, type TestGateway } from './gateway.ts';
import { newShopper, type PageSeen } from './shopper.ts';
import { testCard } from './test-card.ts';

export interface Checkout {
  readonly acquiringOrderId: string;
  readonly url: string;
}

export async function openCheckout(gateway: TestGateway, fields: object = {}): Promise<Checkout> {
  const { data, raw } = await gateway.call('/order/create', orderOf(gateway, fields));
  if (data?.orderAction === undefined) throw new Error(`no checkout: ${raw}`);
  return { acquiringOrderId: data.acquiringOrderId, url: JSON.parse(data.orderAction).webUrl };
}

/** Posts a card as the page's script does. */
export async function payByCard(
  { url }: Checkout,
  card: Partial<CardInput> = {},
  extra: Record<string, string> = {},
  shopper = newShopper(),
): Promise<PageSeen> {
  const sessionId = /data-session="([^"]+)"/.exec((await shopper.visit(url)).text)?.[1] ?? '';
  const encryptedCard = await seal(sessionId, { ...testCard, ...card });
  return shopper.post(url, { action: 'card', encryptedCard, ...extra });
}
