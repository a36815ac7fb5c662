import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../../test/kit/database.ts';
import { type IsoHost, startIsoHost } from '../../../../../test/kit/iso-host.ts';
import { type Clock, realClock, VirtualClock } from '../../clock.ts';
import { newRowId } from '../../id.ts';
import { statement } from '../../storage/database.ts';
import { CardBuffer } from '../../vault/card-buffer.ts';
import { cardMethods } from '../card-methods.ts';
import { type Bench, conformance } from '../conformance.ts';
import type { AcquirerCall, Connector } from '../connector.ts';
import type { Outcome } from '../outcome.ts';
import { isoAcquirer } from './acquirer.ts';
import { type Message, textOf } from './codec.ts';
import { type Link, openLink } from './link.ts';

const database = await freshDatabase();
const numbers = { approved: '4012888888881881', declined: '5555555555554444' };
const terminal = { terminalId: 'TERM01', acceptorId: 'SHOP0001' };
const answerMs = 10_000;

const cardOf = (pan: string) =>
  CardBuffer.fromText({ pan, expiry: { month: 9, year: 2031 }, cvv: '737', name: 'Ada Lovelace' });
const panOf = ({ fields }: Message) => fields.get(2)?.toString('latin1');
/** Declines one card for want of money, and takes everything else. */
const byCard = (request: Message) => (panOf(request) === numbers.declined ? '51' : '00');

interface Client {
  readonly connector: Connector;
  readonly link: Link;
}

/** What a process has: a link of its own, over the shared books. */
function connect(host: IsoHost, clock: Clock, redialMs = 1_000): Client {
  const link = openLink({ host: '127.0.0.1', port: host.port, clock, answerMs, echoMs: 60_000, redialMs });
  return { link, connector: isoAcquirer({ database, clock, link, terminal, payMethods: cardMethods, answerMs }) };
}

describe('the ISO 8583 acquirer', () => {
  let host: IsoHost;
  let client: Client;
  beforeAll(async () => {
    host = await startIsoHost();
    host.decide(byCard);
    client = connect(host, realClock);
    await client.link.signedOn();
  });
  afterAll(async () => {
    await client.link.stop();
    await host.stop();
  });

  test.each(conformance)('$promise', ({ run }) => {
    const bench: Bench = {
      connector: client.connector,
      merchantId: 'M1',
      currency: 'HKD',
      newReference: newRowId,
      card: (kind) => cardOf(numbers[kind]),
    };
    return run(bench);
  });
});

describe('between us and the host', () => {
  let host: IsoHost;
  let clock: VirtualClock;
  let client: Client;
  beforeEach(async () => {
    host = await startIsoHost();
    host.decide(byCard);
    clock = new VirtualClock(new Date('2026-11-23T17:00:00Z'));
    client = connect(host, clock);
    await client.link.signedOn();
  });
  afterEach(async () => {
    await client.link.stop();
    await host.stop();
  });

  const pass = (ms: number) => clock.moveTo(new Date(clock.now().getTime() + ms));
  const callOf = (reference: string, fields: Partial<AcquirerCall> = {}): AcquirerCall => ({
    reference,
    merchantId: 'M1',
    card: cardOf(numbers.approved),
    currency: 'HKD',
    amountMinor: 10_050n,
    amount: '100.50',
    initiator: 'CIT',
    ...fields,
  });
  const statusOf = async (reference: string) =>
    (
      await database.rows(
        statement<{ status: string }>('test/iso-status', 'select status from iso8583_exchange where reference = $1'),
        [reference],
      )
    )[0]?.status;
  const reversals = () => host.received.filter(({ mti }) => mti === '0400');
  const textsOf = (message: Message | undefined, ...fields: number[]) =>
    fields.map((field) => message && textOf(message, field));
  const reversed: Outcome = { kind: 'declined', reason: 'PROCESSING_ERROR' };

  /** A purchase that arrives and is not answered in its time. */
  async function silentPurchase(reference = newRowId()) {
    host.hold('0200');
    const outcome = client.connector.purchase(callOf(reference));
    await host.arrived('0200');
    return { reference, outcome };
  }

  test('a purchase says what the standard has fields for, and what the merchant has contracted', async () => {
    await client.connector.purchase(callOf(newRowId()));
    const [request] = await host.arrived('0200');
    expect(panOf(request as Message)).toBe(numbers.approved);
    expect(textsOf(request, 3, 4, 7, 12, 14, 22, 25, 41, 42, 49)).toEqual([
      ...['000000', '000000010050', '1123170000', '170000', '3109', '810', '59'],
      ...['TERM01  ', 'SHOP0001       ', 'HKD'],
    ]);
    expect(textOf(request as Message, 37)).toMatch(/^\d{12}$/);
    expect(textOf(request as Message, 11)).toBe(textOf(request as Message, 37)?.slice(6));
  });

  test('a part that is captured, and a refund, name the charge and what it was', async () => {
    const reference = newRowId();
    const outcome = await client.connector.authorize(callOf(reference));
    const charge = { reference, acquirerReference: '', networkTransactionId: '', ...outcome };
    const about = { merchantId: 'M1', currency: 'HKD', original: charge };
    const part = { ...about, amountMinor: 4_000n, amount: '40.00' };
    await client.connector.capture({ ...part, reference: newRowId() });
    await client.connector.refund({ ...part, reference: newRowId() });
    const [capture, refund] = await host.arrived('0200', 2);
    const [authorisation] = await host.arrived('0100');
    const stan = textOf(authorisation as Message, 11);
    const named = [`HOST00${stan}`, stan, '0057HKDC000000010050'];
    expect(textsOf(capture, 3, 4, 25, 37, 38, 54)).toEqual(['000000', '000000004000', '06', ...named]);
    expect(textsOf(refund, 3, 4, 25, 37, 38, 54)).toEqual(['200000', '000000004000', '00', ...named]);
  });

  test('a lost response is followed by exactly one reversal, which the host acknowledges', async () => {
    const { reference, outcome } = await silentPurchase();
    pass(answerMs);
    expect(await outcome).toEqual(reversed);
    const [purchase] = await host.arrived('0200');
    expect(reversals()).toHaveLength(1);
    const [number, stan, time] = textsOf(purchase, 37, 11, 7);
    expect(textsOf(reversals()[0], 4, 37, 90)).toEqual([
      ...['000000010050', number],
      `0200${stan}${time}0000000000000000000000`,
    ]);
    expect(await statusOf(reference)).toBe('REVERSED');
    expect(await client.connector.inquire(reference)).toEqual(reversed);
    expect(reversals()).toHaveLength(1);
  });

  test('a late response after the reversal is no approval', async () => {
    const { reference, outcome } = await silentPurchase();
    pass(answerMs);
    expect(await outcome).toEqual(reversed);
    host.release();
    await client.connector.verify(callOf(newRowId(), { amountMinor: 0n, amount: '0' }));
    expect(await statusOf(reference)).toBe('REVERSED');
    expect(await client.connector.inquire(reference)).toEqual(reversed);
    expect(await client.connector.purchase(callOf(reference))).toEqual(reversed);
  });

  test('a response between the silence and the acknowledgement is no approval either', async () => {
    const { reference, outcome } = await silentPurchase();
    host.hold('0400');
    pass(answerMs);
    await host.arrived('0400');
    // Both come now: the approval first, as it was kept back first.
    host.release();
    expect(await outcome).toEqual(reversed);
    expect(await statusOf(reference)).toBe('REVERSED');
  });

  test('a reversal is sent again, the same, until it is acknowledged', async () => {
    const { reference, outcome } = await silentPurchase();
    host.hold('0400');
    pass(answerMs);
    await host.arrived('0400');
    pass(answerMs);
    expect(await outcome).toEqual({ kind: 'unknown' });
    const asked = client.connector.inquire(reference);
    await host.arrived('0400', 2);
    host.release();
    expect(await asked).toEqual(reversed);
    const [first, second] = reversals();
    expect(textsOf(second, 7, 11, 90)).toEqual(textsOf(first, 7, 11, 90));
    expect(await client.connector.inquire(reference)).toEqual(reversed);
    expect(reversals()).toHaveLength(2);
  });

  test('a reversal that the host refuses is not taken for acknowledged', async () => {
    const { reference, outcome } = await silentPurchase();
    host.decide(({ mti }) => (mti === '0400' ? '96' : '00'));
    pass(answerMs);
    expect(await outcome).toEqual({ kind: 'unknown' });
    expect(await statusOf(reference)).toBe('REVERSING');
    host.decide(({ mti }) => (mti === '0400' ? '25' : '00'));
    expect(await client.connector.inquire(reference)).toEqual(reversed);
  });

  test('a code that nobody knows may have moved money: it is reversed', async () => {
    host.decide(({ mti }) => (mti === '0200' ? 'ZZ' : '00'));
    expect(await client.connector.purchase(callOf(newRowId()))).toEqual(reversed);
    expect(reversals()).toHaveLength(1);
  });

  test('a process that dies between the call and its answer leaves no doubt: the next one reverses', async () => {
    const { reference, outcome } = await silentPurchase();
    // Its writes are lost with it: what it makes of the broken connection is not looked at here.
    void outcome.catch(() => {});
    const next = connect(host, clock);
    await next.link.signedOn();
    expect(await next.connector.inquire(reference)).toEqual({ kind: 'unknown' });
    expect(reversals()).toEqual([]);
    pass(answerMs + 5_000);
    await next.connector.inquire(reference);
    await outcome;
    expect(await next.connector.inquire(reference)).toEqual(reversed);
    expect(new Set(reversals().map((message) => textOf(message, 11))).size).toBe(1);
    await next.link.stop();
  });

  test('a void that is not answered is sent again until it is acknowledged, and was done once', async () => {
    const reference = newRowId();
    await client.connector.authorize(callOf(reference));
    host.hold('0400');
    const original = { reference, acquirerReference: '', networkTransactionId: '' };
    const about = { merchantId: 'M1', currency: 'HKD', amountMinor: 10_050n, amount: '100.50', original };
    const voiding = newRowId();
    const outcome = client.connector.void({ ...about, reference: voiding });
    await host.arrived('0400');
    pass(answerMs);
    expect(await outcome).toEqual({ kind: 'unknown' });
    expect((await client.connector.capture({ ...about, reference: newRowId() })).kind).toBe('declined');
    pass(5_000);
    const asked = client.connector.inquire(voiding);
    await host.arrived('0400', 2);
    host.release();
    expect(await asked).toMatchObject({ kind: 'approved' });
    const [first, second] = reversals();
    expect(textsOf(second, 7, 11, 90)).toEqual(textsOf(first, 7, 11, 90));
  });

  test('a host that is not there has charged nobody, and the card is declined for that', async () => {
    await host.stop();
    await client.link.stop();
    const away = connect(host, realClock, 20);
    const outcome = await away.connector.purchase(callOf(newRowId()));
    expect(outcome).toEqual({ kind: 'declined', reason: 'ISSUER_UNAVAILABLE' });
    await away.link.stop();
  });

  test('an amount that field 4 cannot say is not sent', async () => {
    const call = callOf(newRowId(), { amountMinor: 1_000_000_000_000n, amount: '10000000000.00' });
    expect(await client.connector.purchase(call)).toEqual({ kind: 'declined', reason: 'NOT_SUPPORTED' });
    expect(host.received.filter(({ mti }) => mti === '0200')).toEqual([]);
  });

  test('no card number is in the books', async () => {
    await client.connector.purchase(callOf(newRowId()));
    const [{ books = '' } = {}] = await database.rows(
      statement<{ books: string }>('test/iso-books', 'select json_agg(e)::text as books from iso8583_exchange e'),
    );
    expect(books).toContain('purchase');
    expect(books).not.toContain(numbers.approved);
  });
});
