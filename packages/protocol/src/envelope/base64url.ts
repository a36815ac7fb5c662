/** Base64url without padding (RFC 7515 section 2) for browsers, where there is no Buffer. */

/** @example toBase64Url(new Uint8Array([255, 254])) // '__4' */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/**
 * @returns undefined unless the text is the one canonical form: its own letters, no padding, no bits left over
 * @example fromBase64Url('__4') // Uint8Array [255, 254]
 */
export function fromBase64Url(text: string): Uint8Array | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return toBase64Url(bytes) === text ? bytes : undefined;
}
