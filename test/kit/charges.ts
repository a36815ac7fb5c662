/** What was charged, what the acquirer was sent, and what must not be left behind. */
import type { AcquirerCall } from '../../packages/gateway/src/connector/connector.ts';
import type { TestGateway } from './gateway.ts';

/** What must not outlast a challenge: codes, and cards without a token. */
export async function leftoversOf({ database }: TestGateway): Promise<object[]> {
  const rows = (name: string, text: string) => database.rows<Record<string, unknown>>({ name: `test/${name}`, text });
  return [
    ...(await rows('holds', 'select hold_id from vault_cvv_hold')),
    ...(await rows('waiting', 'select acquiring_order_id from payment_order where waiting_card is not null')),
    ...(await rows(
      'orphans',
      'select card_id from vault_card c where not exists (select from token t where t.card_id = c.card_id)',
    )),
  ];
}

/** The attempts of an order. */
export const chargesIn = (
  { database }: TestGateway,
  acquiringOrderId: string,
): Promise<{ verb: string; status: string }[]> =>
  database.rows<{ verb: string; status: string }>(
    { name: 'test/charges', text: 'select verb, status from payment_attempt where subject_id = $1' },
    [acquiringOrderId],
  );

type ChargeSeen = Pick<AcquirerCall, 'threeDs' | 'initiator' | 'networkTransactionId'> & {
  readonly cvv: string | undefined;
};

/** What the acquirer is sent meanwhile. */
export async function chargesSeen({ app }: TestGateway, during: () => Promise<void>): Promise<ChargeSeen[]> {
  const acquirer = app.gateway.connectors.of('');
  const { purchase } = acquirer;
  const seen: ChargeSeen[] = [];
  Object.assign(acquirer, {
    purchase(call: AcquirerCall) {
      const { card, threeDs, initiator, networkTransactionId } = call;
      seen.push({ cvv: card.cvv?.toString(), threeDs, initiator, networkTransactionId });
      return purchase(call);
    },
  });
  await during().finally(() => Object.assign(acquirer, { purchase }));
  return seen;
}
