/** Foreign text, made fit to be kept and shown: short, printable, and without what looks like a card number. */
import { scrub } from '../observe/scrub.ts';

const excerptCharacters = 1_000;

/**
 * @param text - what a stranger wrote
 * @param limit - characters of the answer, at most
 * @returns its beginning; an ellipsis stands for what was left out
 * @example excerptOf('card 4111 1111 1111 1111\u0000') // 'card [pan]?'
 */
export function excerptOf(text: string, limit = excerptCharacters): string {
  // Scrubbed whole: a number that is cut in two is not found any more.
  const clean = scrub(text).replace(/[^\P{C}\n\t]/gu, '?');
  const characters = [...clean];
  return characters.length > limit ? `${characters.slice(0, limit).join('')}…` : clean;
}
