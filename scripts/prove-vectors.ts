/**
 * `npm run prove:vectors -- <folder>`: the vectors of Project Wycheproof through our own code. The folder is a copy of
 * https://github.com/C2SP/wycheproof, which is not kept here. Prints how many cases of each file were right, wrong, or are
 * of a kind that we do not speak; fails when one was wrong, or when nothing was run.
 */
import { createCipheriv, createECDH, createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concatKdfInput } from '@waffo/protocol/envelope/concat-kdf';
import { contentKey, decrypt } from '@waffo/protocol/envelope/content';
import { open } from '@waffo/protocol/envelope/open';
import { pointOf, sessionIdOf } from '@waffo/protocol/envelope/session-id';
import { parsePublicKey, verify } from '@waffo/protocol/signature';

/** What became of one case. `other` is a kind of key, length or algorithm that we refuse before any cryptography. */
type Verdict = 'right' | 'wrong' | 'other';

interface Case {
  readonly tcId: number;
  readonly result: 'valid' | 'invalid' | 'acceptable';
  // biome-ignore lint/suspicious/noExplicitAny: each file has members of its own
  readonly [member: string]: any;
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const base64url = (text: string): Buffer => Buffer.from(text, 'base64url');
const judge = (accepted: boolean, { result }: Case): Verdict => (accepted === (result === 'valid') ? 'right' : 'wrong');

/** Every promise that a file holds us to. */
const proofs: Record<string, (group: Case, vector: Case) => Verdict> = {
  'rsa_signature_2048_sha256_test.json': (group, vector) => {
    const key = parsePublicKey(hex(group.publicKeyDer ?? group.publicKeyAsn).toString('base64'));
    return judge(verify(hex(vector.msg), hex(vector.sig).toString('base64'), key), vector);
  },
  'ecdh_secp256r1_ecpoint_test.json': (_group, vector) => agreement(hex(vector.public), hex(vector.private), vector),
  'ecdh_secp256r1_webcrypto_test.json': (_group, vector) => envelope(vector),
  'aes_gcm_test.json': ({ ivSize, keySize, tagSize }, vector) => {
    if (ivSize !== 96 || keySize !== 256 || tagSize !== 128) return 'other';
    const [iv, tag, ciphertext] = [hex(vector.iv), hex(vector.tag), hex(vector.ct)];
    const text = attempt(() => decrypt(hex(vector.key), { additionalData: hex(vector.aad), iv, ciphertext, tag }));
    return judge(text?.equals(hex(vector.msg)) ?? false, vector);
  },
  'json_web_encryption_test.json': (group, vector) => foreignJwe(group, vector),
};

/** Both halves: the key that is agreed on, and the point written as a session id. */
function agreement(point: Buffer, scalar: Buffer, vector: Case): Verdict {
  if (point.length !== 65) return compressed(point, vector);
  const key = attempt(() => contentKey(point, scalar32(scalar)));
  const written = attempt(() => pointOf(sessionIdOf(compress(point))));
  const isSame = written !== undefined && Buffer.from(written).equals(point);
  const expected = createHash('sha256')
    .update(concatKdfInput(hex(vector.shared), 'A256GCM', 256))
    .digest();
  return judge((key?.equals(expected) ?? false) && isSame, vector);
}

/** A compressed point is not the form of an envelope, but it is the form of a session id. */
function compressed(point: Buffer, vector: Case): Verdict {
  if (point.length !== 33) return 'other';
  const isPoint = attempt(() => pointOf(sessionIdOf(point))) !== undefined;
  return isPoint === (vector.result !== 'invalid') ? 'right' : 'wrong';
}

/** A whole envelope with the vector's key as the writer's: it opens when the key is good, and only then. */
function envelope(vector: Case): Verdict {
  const scalar = scalar32(base64url(vector.private.d));
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  const sessionId = sessionIdOf(ecdh.getPublicKey(null, 'compressed'));
  const { kid: _kid, ...epk } = vector.public;
  const [kty, crv, x, y] = [epk.kty, epk.crv, epk.x, epk.y];
  const header = { alg: 'ECDH-ES', enc: 'A256GCM', epk: { kty, crv, x, y }, kid: sessionId };
  const additionalData = Buffer.from(JSON.stringify(header)).toString('base64url');
  const key = createHash('sha256')
    .update(concatKdfInput(hex(vector.shared ?? ''), 'A256GCM', 256))
    .digest();
  const iv = Buffer.alloc(12, 1);
  const record = Buffer.alloc(256, 2);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAAD(Buffer.from(additionalData));
  const parts = [iv, Buffer.concat([cipher.update(record), cipher.final()]), cipher.getAuthTag()];
  const jwe = `${additionalData}..${parts.map((part) => part.toString('base64url')).join('.')}`;
  const opened = attempt(() => Buffer.from(open(jwe, sessionId, scalar)));
  return judge(opened?.equals(record) ?? false, vector);
}

/** Nobody else's JWE is a card envelope; what is of our kind underneath is opened by our steps all the same. */
function foreignJwe(group: Case, vector: Case): Verdict {
  const { kty, crv, d = '' } = group.private;
  if (kty !== 'EC' || crv !== 'P-256') return refused(vector, Buffer.alloc(32, 1));
  const scalar = scalar32(base64url(d));
  const [protectedHeader = '', , iv = '', ciphertext = '', tag = ''] = String(vector.jwe).split('.');
  const header = attempt(() => JSON.parse(base64url(protectedHeader).toString()));
  if (header?.alg === 'ECDH-ES' && header.enc === 'A256GCM' && header.apu === undefined && header.zip === undefined) {
    const point = Buffer.concat([Buffer.of(4), base64url(header.epk.x), base64url(header.epk.y)]);
    const sealed = { iv: base64url(iv), ciphertext: base64url(ciphertext), tag: base64url(tag) };
    const additionalData = Buffer.from(protectedHeader);
    const text = attempt(() => decrypt(contentKey(point, scalar), { additionalData, ...sealed }));
    if (judge(text?.equals(hex(vector.pt)) ?? false, vector) === 'wrong') return 'wrong';
  }
  return refused(vector, scalar);
}

function refused({ jwe }: Case, scalar: Buffer): Verdict {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  const sessionId = sessionIdOf(ecdh.getPublicKey(null, 'compressed'));
  return attempt(() => open(String(jwe), sessionId, scalar)) === undefined ? 'right' : 'wrong';
}

const compress = (point: Buffer): Buffer =>
  Buffer.concat([Buffer.of(2 + ((point[64] ?? 0) & 1)), point.subarray(1, 33)]);

/** The vectors write a scalar as an integer: with a zero too many before it, or with too few. */
const scalar32 = (scalar: Buffer): Buffer => Buffer.concat([Buffer.alloc(32), scalar]).subarray(-32);

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

async function main(folder: string | undefined): Promise<void> {
  if (folder === undefined) throw new Error('name the folder of a copy of Project Wycheproof');
  let wrong = 0;
  for (const [file, proof] of Object.entries(proofs)) {
    const { testGroups } = JSON.parse(await readFile(join(folder, 'testvectors_v1', file), 'utf8')) as {
      testGroups: (Case & { tests: Case[] })[];
    };
    const verdicts = testGroups.flatMap((group) =>
      group.tests.map((vector) => ({ verdict: proof(group, vector), id: vector.tcId })),
    );
    const count = (kind: Verdict) => verdicts.filter(({ verdict }) => verdict === kind).length;
    if (count('right') === 0) throw new Error(`${file}: nothing was run`);
    const failed = verdicts.filter(({ verdict }) => verdict === 'wrong').map(({ id }) => id);
    wrong += failed.length;
    const rest = failed.length === 0 ? '' : `: ${failed.join(', ')}`;
    console.log(
      `${file.padEnd(36)} ${count('right')} right, ${failed.length} wrong, ${count('other')} of another kind${rest}`,
    );
  }
  process.exitCode = wrong === 0 ? 0 : 1;
}

await main(process.argv[2]).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
