/**
 * Keeps strangers from taking the database away from those who are known. A key that has proved itself here is looked up
 * whenever it comes; keys that nobody has shown before share so many look-ups a second and no more, so that a flood of
 * made-up keys costs little. Each process counts for itself.
 */
import type { Clock } from '../clock.ts';
import { keyHash } from '../merchant/find.ts';

export interface Strangers {
  /** Whether this key may be looked up now. @param presentedKey - as the header has it */
  mayLookUp(presentedKey: string): boolean;
  /** Keeps in mind whose key this is. */
  remember(presentedKey: string, merchantId: string): void;
  /** The merchant of a key that was shown before. */
  recall(presentedKey: string): string | undefined;
}

const lookUpsPerSecond = 200;
const rememberedLimit = 10_000;

export function meetStrangers(clock: Clock): Strangers {
  const remembered = new Map<string, string>();
  const idOf = (key: string): string => keyHash(key).toString('base64');
  let left = lookUpsPerSecond;
  let countedAt = clock.now().getTime();

  function takeOne(): boolean {
    const now = clock.now().getTime();
    left = Math.min(lookUpsPerSecond, left + ((now - countedAt) / 1_000) * lookUpsPerSecond);
    countedAt = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  }

  return {
    mayLookUp: (key) => remembered.has(idOf(key)) || takeOne(),
    remember(key, merchantId) {
      if (remembered.size >= rememberedLimit) remembered.clear();
      remembered.set(idOf(key), merchantId);
    },
    recall: (key) => remembered.get(idOf(key)),
  };
}
