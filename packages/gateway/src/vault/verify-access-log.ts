/**
 * Walks the access log and names, of each chain, the first entry that is not what was written: edited, deleted, inserted,
 * moved, or cut off against an anchor. It reads only, and does not stop a gateway from writing.
 */
import type { Sql } from '../storage/database.ts';
import { type AnchorSigner, isGenuine } from './access-anchor.ts';
import { type Anchor, findChainEnd, listAnchors, listChains, pageOfEntries } from './access-chain.store.ts';
import { type AccessEntry, chainStart, isSameMac, isWhole } from './access-entry.ts';
import { KeyGone, type Keyring } from './keyring.ts';
import { SealBroken } from './seal.ts';

/** `missing`: it was there, or the chain goes on after it. `changed`: it, or what stood before it, is not what was written. */
interface ChainFault {
  readonly sequence: bigint;
  readonly kind: 'missing' | 'changed' | 'false-anchor';
  /** One sentence. */
  readonly text: string;
}

export interface ChainReport {
  /** `''` is the system. */
  readonly merchantId: string;
  /** Entries that are whole, from the first on. */
  readonly entries: bigint;
  readonly anchors: number;
  readonly fault: ChainFault | undefined;
}

const pageSize = 1_000;

/**
 * @param printed - anchors that were kept elsewhere; the database's own are looked at as well
 * @returns one report for each chain, also of chains that are known by an anchor only
 */
export async function verifyAccessLog(
  deps: { readonly database: Sql; readonly keyring: Keyring },
  signer: AnchorSigner,
  printed: readonly Anchor[] = [],
): Promise<ChainReport[]> {
  const anchors = [...(await listAnchors(deps.database)), ...printed];
  const names = new Set([...(await listChains(deps.database)), ...anchors.map(({ merchantId }) => merchantId)]);
  const reports: ChainReport[] = [];
  for (const merchantId of names) {
    const mine = anchors.filter((anchor) => anchor.merchantId === merchantId);
    reports.push(await verifyChain(deps, signer, merchantId, mine));
  }
  return reports;
}

async function verifyChain(
  deps: { readonly database: Sql; readonly keyring: Keyring },
  signer: AnchorSigner,
  merchantId: string,
  anchors: readonly Anchor[],
): Promise<ChainReport> {
  const report = (entries: bigint, fault?: ChainFault) => ({ merchantId, entries, anchors: anchors.length, fault });
  for (const anchor of anchors) {
    if (!(await isGenuine(signer, anchor))) return report(0n, falseAnchor(anchor));
  }
  // What is promised is read before the walk: entries that are added meanwhile are more than that, never less.
  const end = await findChainEnd(deps.database, merchantId);
  const promises = [...anchors.map((anchor) => ({ ...anchor, by: namedAnchor(anchor) }))];
  if (end !== undefined)
    promises.push({ ...end, merchantId, at: new Date(0), signature: '', by: 'the end of the chain' });
  let last = { sequence: 0n, mac: chainStart };
  for (;;) {
    const page = await pageOfEntries(deps.database, merchantId, last.sequence, pageSize);
    for (const entry of page) {
      const fault = (await faultOf(deps, last, entry)) ?? brokenPromise(promises, entry);
      if (fault !== undefined) return report(last.sequence, fault);
      last = entry;
    }
    if (page.length < pageSize) break;
  }
  const unkept = promises.find(({ sequence }) => sequence > last.sequence);
  if (unkept !== undefined) return report(last.sequence, cut(last.sequence + 1n, unkept.by));
  const after = await findChainEnd(deps.database, merchantId);
  if (last.sequence > (after?.sequence ?? 0n)) {
    return report(last.sequence, changed((after?.sequence ?? 0n) + 1n, 'the end of the chain was set back before it'));
  }
  return report(last.sequence);
}

async function faultOf(
  { database, keyring }: { readonly database: Sql; readonly keyring: Keyring },
  last: { readonly sequence: bigint; readonly mac: Buffer },
  entry: AccessEntry,
): Promise<ChainFault | undefined> {
  const due = last.sequence + 1n;
  if (entry.sequence !== due) return { sequence: due, kind: 'missing', text: `entry ${due} was deleted` };
  const why = 'it was edited, inserted or moved';
  try {
    const key = await keyring.dataKeyById(database, entry.merchantId, entry.keyId);
    return isWhole(key, last.mac, entry) ? undefined : changed(due, why);
  } catch (error) {
    if (error instanceof KeyGone || error instanceof SealBroken) return changed(due, 'its audit key does not open');
    throw error;
  }
}

function brokenPromise(promises: readonly (Anchor & { readonly by: string })[], entry: AccessEntry) {
  const broken = promises.find(({ sequence, mac }) => sequence === entry.sequence && !isSameMac(mac, entry.mac));
  return broken && changed(entry.sequence, `${broken.by} knows another`);
}

const changed = (sequence: bigint, why: string): ChainFault => ({
  sequence,
  kind: 'changed',
  text: `entry ${sequence} is not what was written: ${why}`,
});

const cut = (sequence: bigint, by: string): ChainFault => ({
  sequence,
  kind: 'missing',
  text: `entry ${sequence} and what followed was cut off: ${by} knows more`,
});

const falseAnchor = (anchor: Anchor): ChainFault => ({
  sequence: anchor.sequence,
  kind: 'false-anchor',
  text: `${namedAnchor(anchor)} was not signed by this platform`,
});

const namedAnchor = ({ sequence, at }: Anchor): string => `the anchor at ${sequence} of ${at.toISOString()}`;
