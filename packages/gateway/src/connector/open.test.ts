import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { type IsoHost, startIsoHost } from '../../../../test/kit/iso-host.ts';
import { realClock } from '../clock.ts';
import { newRowId } from '../id.ts';
import { CardBuffer } from '../vault/card-buffer.ts';
import { openConnectors } from './open.ts';
import type { Connectors } from './registry.ts';

const database = await freshDatabase();
let host: IsoHost;
const opened: Connectors[] = [];
beforeAll(async () => {
  host = await startIsoHost();
});
afterAll(async () => {
  for (const connectors of opened) await connectors.stop();
  await host.stop();
});

function open(merchants: '*' | readonly string[] | undefined): Connectors {
  const known = { host: '127.0.0.1', port: host.port, terminalId: 'T', acceptorId: 'A', answerMs: 5_000 };
  const iso8583 = merchants === undefined ? undefined : { ...known, merchants };
  const connectors = openConnectors({ config: { sandboxCode: '1234', iso8583 }, database, clock: realClock });
  opened.push(connectors);
  return connectors;
}

const card = CardBuffer.fromText({
  pan: '4012888888881881',
  expiry: { month: 9, year: 2031 },
  cvv: '123',
  name: 'Ada Lovelace',
});
const pay = async (connectors: Connectors, merchantId: string) => {
  const connector = connectors.of(merchantId);
  const call = { merchantId, card, currency: 'HKD', amountMinor: 10_000n, amount: '100.00', initiator: 'CIT' } as const;
  const reference = newRowId();
  const outcome = await connector.purchase({ ...call, reference });
  return { connector, reference, outcome };
};
const sales = () => host.received.filter(({ mti }) => mti === '0200').length;

describe('two acquirers, by merchant', () => {
  test('each merchant is charged through its own, and followed up where it was charged', async () => {
    const connectors = open(['M2', 'M3']);
    const first = await pay(connectors, 'M1');
    expect([first.connector.name, first.outcome.kind, sales()]).toEqual(['sandbox', 'approved', 0]);
    const second = await pay(connectors, 'M2');
    expect([second.connector.name, second.outcome.kind, sales()]).toEqual(['iso8583', 'approved', 1]);
    for (const { connector, reference, outcome } of [first, second]) {
      expect(await connectors.named(connector.name).inquire(reference)).toEqual(outcome);
    }
    // Neither knows what the other did.
    expect(await connectors.named('sandbox').inquire(second.reference)).toEqual({ kind: 'never' });
  });

  test('a merchant that moves to another one is still followed up where it was charged', async () => {
    const before = await pay(open(undefined), 'M9');
    const after = open('*');
    expect(after.of('M9').name).toBe('iso8583');
    expect(await after.named(before.connector.name).inquire(before.reference)).toEqual(before.outcome);
  });

  test('cards of a merchant without a 3-D Secure server take no part, and no updater knows of them', async () => {
    const connectors = open(['M2']);
    expect(connectors.threeDsOf('M2').takesPart('400000******1000')).toBe(false);
    expect(connectors.threeDsOf('M1').takesPart('400000******1000')).toBe(true);
    const question = { merchantId: 'M2', reference: 'r', card, now: realClock.now() };
    expect(await connectors.updaterOf('M2').ask(question)).toEqual({ kind: 'unchanged' });
  });

  test('no connector has a name that nobody gave it', () => {
    expect(() => open(undefined).named('iso8583')).toThrow('no connector is named iso8583');
  });
});
