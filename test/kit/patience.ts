/** For tests in which gateways die: a client that repeats until it is answered, and time that passes. */
import { sign } from '@waffo/protocol/signature';
import { type App, startApp } from '../../packages/gateway/src/app.ts';
import { VirtualClock } from '../../packages/gateway/src/clock.ts';
import { configFrom } from '../../packages/gateway/src/config.ts';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import { privateKeyOf } from './keys.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of several operations
type Loose = any;

/** Repeats a request while it is answered with "try again"; undefined when nobody listens any more. */
export function patientCaller(as: SandboxMerchant, until: number) {
  return async (path: string, body: object): Promise<Loose | undefined> => {
    const bytes = Buffer.from(JSON.stringify(body));
    const browser = path === '/tokenization/submit';
    const headers = {
      'content-type': 'application/json',
      'x-api-key': browser ? as.clientApiKey : as.apiKey,
      ...(!browser && { 'x-signature': await sign(bytes, privateKeyOf(as.merchantPrivateKey)) }),
    };
    let refused = 0;
    // Whether a session was opened is found out by asking for it again; what became of money is not asked for so.
    const again = new Set(['C0001', 'A0040', ...(path === '/tokenization/generate' ? ['E0001'] : [])]);
    while (Date.now() < until && refused < 3) {
      try {
        const response = await fetch(`${as.baseUrl}${path}`, { method: 'POST', body: bytes, headers });
        const answer = (await response.json()) as Loose;
        if (!again.has(answer.code)) return answer;
      } catch {
        refused += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return undefined;
  };
}

/** Lets virtual time pass, doing what falls due on the way. */
export async function passTime(app: App, clock: VirtualClock, ms: number): Promise<void> {
  const target = new Date(clock.now().getTime() + ms);
  for (;;) {
    await app.runner.drain();
    const due = await app.runner.nextDue();
    if (due === undefined || due > target) break;
    if (due > clock.now()) clock.moveTo(due);
  }
  clock.moveTo(target);
}

/**
 * Lets ten minutes pass at once for a gateway of its own, when those that worked there have ended: time enough for what they left
 * unknown, and for the leases of what they were about.
 *
 * @param settings - theirs
 */
export async function hurry(settings: Readonly<Record<string, string>>): Promise<void> {
  const clock = new VirtualClock(new Date());
  const app = await startApp(configFrom({ ...settings, WAFFO_PORT: '0' }), { clock });
  await passTime(app, clock, 10 * 60_000).finally(app.stop);
}
