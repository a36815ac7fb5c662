/** A checkout without a screen: an order that waits, its link, and what the page's script would post. */
import type { CardInput } from '@waffo/protocol/envelope/record';
import { seal } from '@waffo/protocol/envelope/seal';
import { orderOf, type TestGateway } from './gateway.ts';
import { newShopper, type PageSeen, type Shopper } from './shopper.ts';
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

/** The session that a page of ours seals the card to. */
export const cardSessionIn = (html: string): string => /data-session="([^"]+)"/.exec(html)?.[1] ?? '';

/** Posts a card as the page's script does. */
export const postCard = async (
  shopper: Shopper,
  { url }: Pick<Checkout, 'url'>,
  sessionId: string,
  card: Partial<CardInput> = {},
  extra: Record<string, string> = {},
): Promise<PageSeen> =>
  shopper.post(url, { action: 'card', encryptedCard: await seal(sessionId, { ...testCard, ...card }), ...extra });

/** The same on a page that was just opened. */
export const payByCard = async (
  checkout: Checkout,
  card: Partial<CardInput> = {},
  extra: Record<string, string> = {},
  shopper: Shopper = newShopper(),
): Promise<PageSeen> =>
  postCard(shopper, checkout, cardSessionIn((await shopper.visit(checkout.url)).text), card, extra);
