/**
 * How long those beside an acquirer may take: a directory server, an ACS, an account updater. Silence is no answer: it
 * authenticates nobody, refuses nobody, and holds nobody up.
 */
import type { Clock } from '../clock.ts';

const providerTimeoutMs = 10_000;

/** Ten seconds passed first. */
export class ProviderSilent extends Error {
  override readonly name = 'ProviderSilent';
}

/**
 * A provider's answer, if it comes in time.
 *
 * @param who - for the error, e.g. `the 3DS provider`
 * @throws ProviderSilent when ten seconds pass first; what comes later is not heard
 */
export async function answerInTime<Answer>(clock: Clock, who: string, answer: Promise<Answer>): Promise<Answer> {
  let stop = () => {};
  const late = new Promise<never>((_, reject) => {
    const timer = clock.after(providerTimeoutMs, () => reject(new ProviderSilent(`${who} took too long`)));
    stop = () => timer.cancel();
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    stop();
  }
}
