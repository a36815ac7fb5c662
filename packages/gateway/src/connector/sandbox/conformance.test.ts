import { describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../../test/kit/database.ts';
import { realClock } from '../../clock.ts';
import { newRowId } from '../../id.ts';
import { CardBuffer } from '../../vault/card-buffer.ts';
import { type Bench, conformance } from '../conformance.ts';
import type { Connector } from '../connector.ts';
import { sandboxAcquirer } from './acquirer.ts';

const numbers = { approved: '4111111111111111', declined: '4576750000000220' };

const benchOf = (connector: Connector): Bench => ({
  connector,
  merchantId: 'M_1',
  currency: 'HKD',
  newReference: newRowId,
  card: (kind) =>
    CardBuffer.fromText({ pan: numbers[kind], expiry: { month: 12, year: 2030 }, cvv: '123', name: 'Ada Lovelace' }),
  echoesNetworkTransactionId: true,
  silent: { amountMinor: 9_200n, amount: '92.00' },
});

describe('the sandbox acquirer', async () => {
  const connector = sandboxAcquirer({ database: await freshDatabase(), clock: realClock });

  test.each(conformance)('$promise', ({ run }) => run(benchOf(connector)));
});

describe('the checks find a connector that', async () => {
  const honest = sandboxAcquirer({ database: await freshDatabase(), clock: realClock });
  const broken: Readonly<Record<string, Partial<Connector>>> = {
    'charges again under the same reference': {
      purchase: (call) => honest.purchase({ ...call, reference: newRowId() }),
    },
    'answers an inquiry without striking the reference out': { inquire: async () => ({ kind: 'never' }) },
    'refunds more than was captured': { refund: (call) => honest.refund({ ...call, amountMinor: 1n }) },
    'captures what was voided': {
      capture: async () => ({ kind: 'approved', acquirerReference: 'x', networkTransactionId: 'x' }),
    },
    'keeps the id of the agreed payment to itself': {
      purchase: (call) => honest.purchase({ ...call, networkTransactionId: undefined }),
    },
    'wipes the lent card': {
      async verify(call) {
        const outcome = await honest.verify(call);
        call.card.dispose();
        return outcome;
      },
    },
  };

  test.each(Object.entries(broken))('%s', async (_, part) => {
    const results = await Promise.allSettled(conformance.map(({ run }) => run(benchOf({ ...honest, ...part }))));
    expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  });
});
