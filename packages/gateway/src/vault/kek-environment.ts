/** Key-encryption keys from an environment variable, for development: whoever may look at the process may read them. */
import { type Kek, kekOf } from './kek.ts';

const keyBytes = 32;

/**
 * @param text - keys of 32 bytes in base64 with spaces between, the newest last
 * @throws Error with one sentence when it holds anything else
 */
export function keksFromVariable(text: string): Kek[] {
  const words = text.trim().split(/\s+/);
  return words.map((word) => {
    const bytes = Buffer.from(word, 'base64');
    if (bytes.length === keyBytes && bytes.toString('base64') === word) return kekOf(bytes);
    throw new Error('WAFFO_KEK does not hold 32 bytes in base64; make some with: openssl rand -base64 32');
  });
}
