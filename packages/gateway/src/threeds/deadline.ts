/** How long a directory server or an ACS may take. Silence is no answer: it authenticates nobody, and refuses nobody. */
import type { Clock } from '../clock.ts';

const providerTimeoutMs = 10_000;

/**
 * A provider's answer, if it comes in time.
 *
 * @throws Error when ten seconds pass first; what comes later is not heard
 */
export async function answerInTime<Answer>(clock: Clock, answer: Promise<Answer>): Promise<Answer> {
  let stop = () => {};
  const late = new Promise<never>((_, reject) => {
    const timer = clock.after(providerTimeoutMs, () => reject(new Error('the 3DS provider took too long')));
    stop = () => timer.cancel();
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    stop();
  }
}
