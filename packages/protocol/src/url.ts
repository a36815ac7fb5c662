/** Reading URLs that others wrote. */

/**
 * Reads a complete URL. It does not ask `URL.canParse` first: on Node 20 and 22 that refuses letters beyond ASCII, such as those of
 * `bücher.example`, once V8 has optimised its caller.
 *
 * @param text - whatever was written
 * @returns undefined when it is no URL, or no complete one
 * @example urlIn('https://shop.example/webhook')?.host // 'shop.example'
 */
export function urlIn(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
