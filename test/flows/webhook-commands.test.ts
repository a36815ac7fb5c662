/** `waffo webhook` beside a running gateway: finding what failed, seeing why, sending it again, trying an endpoint. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { program } from '../../packages/gateway/src/cli/program.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  vi.stubEnv('WAFFO_HOME', gateway.app.gateway.config.home);
  vi.stubEnv('WAFFO_DATABASE_URL', gateway.database.url);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await gateway.stop();
});

/** What a command prints, and whether it says that something is wrong. */
async function waffo(...words: string[]): Promise<{ text: string; failed: boolean }> {
  const written: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const bar = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  try {
    await program().parseAsync(['webhook', ...words], { from: 'user' });
    return { text: written.join(''), failed: process.exitCode === 1 };
  } finally {
    process.exitCode = undefined;
    out.mockRestore();
    bar.mockRestore();
  }
}

/** Commands work by the machine's clock, so what they make due is due once the gateway's is not behind it. */
async function settle(): Promise<void> {
  const now = new Date();
  if (now > gateway.clock.now()) gateway.clock.moveTo(now);
  await gateway.settle();
}

async function exhausted(): Promise<string> {
  gateway.receiver.behave('failed');
  await gateway.bind();
  await gateway.travel(30 * 3_600_000);
  const { text } = await waffo('list', '--status', 'EXHAUSTED', '--limit', '1', '--json');
  gateway.receiver.behave('acknowledge');
  return JSON.parse(text).eventId;
}

describe('waffo webhook', () => {
  test('lists what failed with the reason, shows every attempt, and sends it again', async () => {
    const eventId = await exhausted();
    const listed = await waffo('list', '--failed', '--merchant', gateway.merchant.merchantId);
    expect(listed.text).toContain(eventId);
    expect(listed.text).toContain('EXHAUSTED');
    expect(listed.text).toContain('8 attempts');
    expect(listed.text).toContain('your server answered 200 with message "failed"; it must answer 200 with JSON');
    const givenUp = gateway.logLines.find((line) => line.includes('will not be sent again'));
    expect(JSON.parse(String(givenUp)).event).toBe(eventId);
    const { text } = await waffo('show', eventId);
    expect(text.match(/^attempt \d at/gm)).toHaveLength(8);
    expect(text).toContain(`> webhook-id: ${eventId}`);
    expect(text).toContain('< {"message":"failed"}');
    const before = gateway.receiver.received.length;
    expect((await waffo('resend', eventId)).text).toBe(`${eventId}  resent\n`);
    await settle();
    expect(gateway.receiver.received.slice(before).map(({ headers }) => headers['webhook-id'])).toEqual([eventId]);
    expect((await waffo('list', '--failed')).text).toBe('there is none\n');
  });

  test('sends all again that failed since a time, and before that says how many there are', async () => {
    const eventId = await exhausted();
    const choice = ['--failed', '--from', '2026-11-23T00:00:00Z', '--merchant', gateway.merchant.merchantId];
    const before = gateway.receiver.received.length;
    expect((await waffo('resend', ...choice, '--dry-run')).text).toBe('1 notification\n');
    await settle();
    expect(gateway.receiver.received).toHaveLength(before);
    expect((await waffo('resend', ...choice)).text).toBe('1 will be sent again\n');
    await settle();
    expect(gateway.receiver.received.at(-1)?.headers['webhook-id']).toBe(eventId);
  });

  test('never takes everything for granted: sending again without a choice is refused', async () => {
    await expect(waffo('resend')).rejects.toThrow('name the events, or choose them by options');
    expect((await waffo('resend', '01983f6e-7c1a-7d30-9a55-0a8f6f1f3c11')).failed).toBe(true);
  });

  test('tries an endpoint and says what is wrong with it', async () => {
    const { text, failed } = await waffo('test', gateway.merchant.merchantId, gateway.receiver.url);
    expect(failed).toBe(true);
    expect(text).toMatch(/✔ a signed notification \(\d+ ms\): acknowledged/);
    expect(text).toMatch(/✘ one with a wrong signature .*anybody can send it one/);
  });
});
