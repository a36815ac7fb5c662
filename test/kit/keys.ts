/** Keys of merchants, parsed once for all that share what they load: to parse one costs as much as to sign with it. */
import type { KeyObject } from 'node:crypto';
import { parsePrivateKey, parsePublicKey } from '@waffo/protocol/signature';

const onceEach = (parse: (text: string) => KeyObject): ((text: string) => KeyObject) => {
  const parsed = new Map<string, KeyObject>();
  return (text) => {
    const key = parsed.get(text) ?? parse(text);
    parsed.set(text, key);
    return key;
  };
};

/** @param text - as `parsePrivateKey` takes it */
export const privateKeyOf = onceEach(parsePrivateKey);

/** @param text - as `parsePublicKey` takes it */
export const publicKeyOf = onceEach(parsePublicKey);
