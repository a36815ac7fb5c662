/**
 * Anchors: the end of a chain at a moment, signed with the platform's key and printed, so that it also rests where nobody
 * with the database can reach. A log that was cut or written anew does not fit them.
 */
import type { Clock } from '../clock.ts';
import type { Sql } from '../storage/database.ts';
import { type Anchor, insertAnchor, listChainEnds } from './access-chain.store.ts';

export type { Anchor } from './access-chain.store.ts';

/** The platform's own key, which this folder does not know. */
export interface AnchorSigner {
  /** @returns base64 */
  sign(bytes: Buffer): Promise<string>;
  verify(bytes: Buffer, signature: string): Promise<boolean>;
}

const dayMs = 24 * 60 * 60_000;

/** In a printed line the system, whose id is empty, is called so. */
const systemName = '-';

/**
 * Anchors every chain where it ends now.
 *
 * @returns what to print, see `printedAnchor`
 */
export async function anchorChains(
  { database, clock }: { readonly database: Sql; readonly clock: Clock },
  signer: AnchorSigner,
): Promise<Anchor[]> {
  const made: Anchor[] = [];
  for (const end of await listChainEnds(database)) {
    const bare = { ...end, at: clock.now() };
    const anchor = { ...bare, signature: await signer.sign(signedBytes(bare)) };
    await insertAnchor(database, anchor);
    made.push(anchor);
  }
  return made;
}

/** Job: anchors every chain once a day; the lines go to the log. It comes back by itself for ever. */
export async function anchorDaily(
  deps: { readonly database: Sql; readonly clock: Clock; readonly log: { info(message: string): void } },
  signer: AnchorSigner,
): Promise<{ readonly retryAt: Date }> {
  for (const anchor of await anchorChains(deps, signer)) deps.log.info(printedAnchor(anchor));
  return { retryAt: new Date(deps.clock.now().getTime() + dayMs) };
}

/** Whether the platform signed it. */
export const isGenuine = (signer: AnchorSigner, anchor: Anchor): Promise<boolean> =>
  signer.verify(signedBytes(anchor), anchor.signature);

/** One line of text: a tag, the merchant (`-` is the system), sequence, mac, time, signature. */
export const printedAnchor = (anchor: Anchor): string => `${textOf(anchor)} ${anchor.signature}`;

/**
 * Finds printed anchors in any text, such as a log.
 *
 * @example
 * anchorsIn(await readFile('gateway.log', 'utf8'))
 */
export const anchorsIn = (text: string): Anchor[] =>
  [...text.matchAll(/waffo-anchor\/1 (\S+) (\d{1,18}) ([\w-]{43}) (\S{24}) ([A-Za-z0-9+/=]+)/g)].map((found) => {
    const [, merchant = '', sequence = '', mac = '', at = '', signature = ''] = found;
    const merchantId = merchant === systemName ? '' : merchant;
    return { merchantId, sequence: BigInt(sequence), mac: Buffer.from(mac, 'base64url'), at: new Date(at), signature };
  });

const signedBytes = (anchor: Omit<Anchor, 'signature'>): Buffer => Buffer.from(textOf(anchor));

const textOf = ({ merchantId, sequence, mac, at }: Omit<Anchor, 'signature'>): string =>
  `waffo-anchor/1 ${merchantId || systemName} ${sequence} ${mac.toString('base64url')} ${at.toISOString()}`;
