/**
 * Puts an answer or a fault into the wire's envelope and signs its bytes. Every answer goes through here, refusals
 * included: clients refuse what is not signed (contract 2.2, 3.3).
 */
import { createHash, type KeyObject } from 'node:crypto';
import { faults, successCode } from '@waffo/protocol/codes';
import { apiPrefix, type Operation } from '@waffo/protocol/operation';
import { sign } from '@waffo/protocol/signature';
import type { Fault } from '../fault.ts';

type Envelope = Operation['envelope'];

/** Bytes and the signature over exactly these bytes. */
export interface Signed {
  readonly status: number;
  readonly body: Buffer;
  readonly signature: string;
}

/** The envelope that belongs to a path, also to one that does not exist. */
export const envelopeOf = (url: string): Envelope =>
  url.startsWith(`${apiPrefix}/tokenization/`) ? 'tokenization' : 'order';

/**
 * @param envelope - three members, or six on tokenization paths
 * @param data - what the handler returned
 * @param key - the private key that signs for the caller's merchant
 * @param mayComeAgain - whether a repeat of the request is answered in the same bytes: those are signed once
 */
export async function renderSuccess(
  envelope: Envelope,
  data: unknown,
  key: KeyObject,
  mayComeAgain: boolean,
): Promise<Signed> {
  const answer = { code: successCode, msg: 'success', ...members(envelope, data, true) };
  const body = Buffer.from(JSON.stringify(answer));
  return { status: 200, body, signature: await (mayComeAgain ? signForRepeats(body, key) : sign(body, key)) };
}

/**
 * Refusals come back in the same bytes: each is signed once for each key, so that a flood of bad requests costs no
 * private-key operations (design D-09).
 *
 * @param key - of the merchant, or the system's when no merchant is known
 */
export async function renderFault(envelope: Envelope, fault: Fault, key: KeyObject): Promise<Signed> {
  const { code, http } = faults[fault.fault];
  const answer = { code, msg: fault.message, ...members(envelope, envelope === 'order' ? {} : null, false) };
  const body = Buffer.from(JSON.stringify(answer));
  return { status: http, body, signature: await signOnce(body, key) };
}

const members = (envelope: Envelope, data: unknown, success: boolean): object =>
  envelope === 'order' ? { data } : { msgParams: {}, data, success, fail: !success };

/** Texts differ by member and place, not by caller: so many are kept for a key, and all are gone with it. */
const keptForKey = 500;
const signatures = new WeakMap<KeyObject, Map<string, Promise<string>>>();

function signOnce(body: Buffer, key: KeyObject): Promise<string> {
  const kept = signatures.get(key) ?? new Map<string, Promise<string>>();
  signatures.set(key, kept);
  const text = body.toString();
  if (kept.size >= keptForKey && !kept.has(text)) kept.clear();
  const signature = kept.get(text) ?? sign(body, key);
  kept.set(text, signature);
  return signature;
}

/** Signatures of the latest answers that may come again, the oldest first; of the answers only a hash is kept. */
const answers = new Map<string, string>();
const keptAnswers = 10_000;

async function signForRepeats(body: Buffer, key: KeyObject): Promise<string> {
  const name = `${numberOf(key)}/${createHash('sha256').update(body).digest('base64')}`;
  const known = answers.get(name);
  if (known !== undefined) return known;
  const signature = await sign(body, key);
  const [oldest] = answers.size < keptAnswers ? [] : answers.keys();
  if (oldest !== undefined) answers.delete(oldest);
  answers.set(name, signature);
  return signature;
}

const numbers = new WeakMap<KeyObject, number>();
let keysSeen = 0;

function numberOf(key: KeyObject): number {
  const number = numbers.get(key) ?? ++keysSeen;
  numbers.set(key, number);
  return number;
}
