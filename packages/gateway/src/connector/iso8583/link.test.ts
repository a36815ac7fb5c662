import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type IsoHost, startIsoHost } from '../../../../../test/kit/iso-host.ts';
import { VirtualClock } from '../../clock.ts';
import { type Message, messageOf, textOf } from './codec.ts';
import { type Exchange, type Link, openLink } from './link.ts';

const answerMs = 30_000;
const echoMs = 60_000;
const redialMs = 1_000;

describe('the link to an acquirer’s host', () => {
  let host: IsoHost;
  let clock: VirtualClock;
  let link: Link;

  beforeEach(async () => {
    host = await startIsoHost();
    clock = new VirtualClock(new Date('2026-11-23T17:00:00Z'));
    link = openLink({ host: '127.0.0.1', port: host.port, clock, answerMs, echoMs, redialMs });
    await link.signedOn();
  });
  afterEach(async () => {
    await link.stop();
    await host.stop();
  });

  const request = (stan: string): Message => messageOf('0200', { 4: '000000010000', 7: '1123170000', 11: stan });
  const pass = (ms: number) => clock.moveTo(new Date(clock.now().getTime() + ms));
  const stanOf = (answer: Exchange) => (typeof answer === 'string' ? answer : textOf(answer, 11));

  test('signs on before anything else is sent', () => {
    expect(host.received.map((message) => [message.mti, textOf(message, 70)])).toEqual([['0800', '001']]);
  });

  test('gives each of many at once its own answer, in whatever order they come', async () => {
    host.hold('0200');
    const first = link.exchange(request('000001'));
    await host.arrived('0200');
    const rest = ['000002', '000003', '000004'].map((stan) => link.exchange(request(stan)));
    await host.arrived('0200', 4);
    host.release();
    expect((await Promise.all([first, ...rest])).map(stanOf)).toEqual(['000001', '000002', '000003', '000004']);
  });

  test('waits no longer than it was told, and drops the answer that comes after', async () => {
    host.hold('0200');
    const late = link.exchange(request('000001'));
    await host.arrived('0200');
    pass(answerMs);
    expect(await late).toBe('silent');
    host.release();
    expect(stanOf(await link.exchange(request('000002')))).toBe('000002');
  });

  test('tells silence when the connection breaks under a request, dials again and signs on', async () => {
    host.hold('0200');
    const broken = link.exchange(request('000001'));
    await host.arrived('0200');
    host.hangUp();
    expect(await broken).toBe('silent');
    pass(redialMs);
    await link.signedOn();
    host.release();
    expect(stanOf(await link.exchange(request('000003')))).toBe('000003');
    expect(host.received.filter(({ mti }) => mti === '0200').map((message) => textOf(message, 11))).toEqual([
      '000001',
      '000003',
    ]);
  });

  test('waits for the time of two dials while it is down, and then has sent nothing', async () => {
    await host.stop();
    await link.stop();
    const down = link.exchange(request('000001'));
    pass(2 * redialMs);
    expect(await down).toBe('unsent');
  });

  test('asks for an echo, and leaves a host that does not answer it', async () => {
    pass(echoMs);
    await host.arrived('0800', 1, '301');
    await link.exchange(request('000001'));
    host.hold('0800');
    pass(echoMs);
    await host.arrived('0800', 2, '301');
    // Its own time is not over yet when the echo's is: only the end of the connection can tell it.
    pass(1);
    host.hold('0200');
    const open = link.exchange(request('000002'));
    await host.arrived('0200', 2);
    pass(answerMs - 1);
    expect(await open).toBe('silent');
  });

  test('leaves a host that sends what is no message', async () => {
    host.hold('0200');
    const open = link.exchange(request('000001'));
    await host.arrived('0200');
    host.babble();
    expect(await open).toBe('silent');
    pass(redialMs);
    await link.signedOn();
    await host.arrived('0800', 2, '001');
  });

  test('does not send two requests that one answer would fit', async () => {
    host.hold('0200');
    const first = link.exchange(request('000001'));
    expect(await link.exchange(request('000001'))).toBe('unsent');
    await host.arrived('0200');
    host.release();
    expect(stanOf(await first)).toBe('000001');
  });
});
