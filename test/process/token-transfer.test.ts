/** Cards that move in from another vault and out to one, with the real commands beside a running gateway. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parsePrivateKey, sign } from '@waffo/protocol/signature';
import { CompactEncrypt, compactDecrypt, importJWK, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChildGateway, startChildGateway } from '../kit/child-gateway.ts';
import { runCommand, startCommand } from '../kit/command.ts';

let home = '';
let gateway: ChildGateway;
let merchantId = '';
let importKey: JWK;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'waffo-transfer-'));
  gateway = await startChildGateway(home);
  merchantId = gateway.sandbox.merchantId;
  importKey = JSON.parse(await waffo('token', 'import-key', merchantId));
});
afterAll(async () => {
  await gateway?.stop();
  await rm(home, { recursive: true, force: true });
});

async function waffo(...words: string[]): Promise<string> {
  const { code, output, errors } = await runCommand(home, words);
  expect({ code, errors }, words.join(' ')).toMatchObject({ code: 0 });
  return output;
}

const cards = ['4111111111111111', '4576750000000110', '2226900000000110', '3528000000000214'];
const lineOf = async (value: object, key = importKey) =>
  new CompactEncrypt(Buffer.from(JSON.stringify({ expiry: '12/2031', merchantUserId: 'mover', ...value })))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt(await importJWK(key, 'ECDH-ES'));
const write = async (name: string, lines: readonly string[]) => {
  const file = join(home, name);
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
};
interface Told {
  readonly line: number;
  readonly id?: string;
  readonly result: string;
  readonly tokenId?: string;
  readonly reason?: string;
}
/** Whole lines only: the last one may be torn. */
const results = async (): Promise<Told[]> =>
  ((await readFile(join(home, 'results.jsonl'), 'utf8')).match(/.*\n/g) ?? []).map((line) => JSON.parse(line));
const importing = (file: string, ...more: string[]) =>
  runCommand(home, ['token', 'import', merchantId, file, '--results', join(home, 'results.jsonl'), ...more]);

describe.sequential('an operator', () => {
  test('moves cards in: a token for each, each line told, what does not fit in words and without its number', async () => {
    const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as JWK;
    const file = await write('cards', [
      await lineOf({ id: 'old-1', pan: cards[0], authenticated: true, name: 'Ada Lovelace' }),
      await lineOf({ id: 'old-2', pan: cards[1] }),
      await lineOf({ id: 'old-3', pan: cards[0] }),
      await lineOf({ id: 'old-4', pan: cards[0], merchantUserId: 'somebody-else' }),
      await lineOf({ id: 'old-5', pan: '4111111111111112' }),
      await lineOf({ id: 'old-6', pan: cards[2], expiry: '12/2020' }),
      await lineOf({ id: 'old-7', pan: cards[2], cvv: '123' }),
      await lineOf({ id: 'old-8', pan: cards[2] }, foreign),
      'not encrypted',
    ]);
    const expected = ['imported', 'imported', 'duplicate', 'imported', ...Array(5).fill('refused')];
    const dry = await importing(file, '--dry-run');
    expect(dry.output).toMatch(/Would import +3\n +Duplicates +1\n +Refused +5/);
    expect((await results()).map(({ result }) => result)).toEqual(expected);
    expect((await results()).some(({ tokenId }) => tokenId !== undefined)).toBe(false);

    const done = await importing(file);
    expect(done.code).toBe(1);
    const told = await results();
    expect(told.map(({ result }) => result)).toEqual(expected);
    expect(told.map(({ id }) => id)).toEqual([...[1, 2, 3, 4, 5, 6, 7].map((n) => `old-${n}`), undefined, undefined]);
    expect(told[2]?.tokenId).toBe(told[0]?.tokenId);
    expect(new Set([0, 1, 3].map((at) => told[at]?.tokenId)).size).toBe(3);
    expect(told.slice(4).map(({ reason }) => reason)).toEqual([
      'pan: the number fails the check digit; ask the shopper to check it',
      'expiry: the card has expired; use a later MM/YYYY',
      'cvv: security codes may not be kept after their payment; leave it out',
      "the line does not open: encrypted to another key than this merchant's, or changed on its way",
      'the line is no JWE in compact form with ECDH-ES on P-256 and A256GCM',
    ]);
    expect((await stat(join(home, 'results.jsonl'))).mode & 0o777).toBe(0o600);
    const list = await waffo('token', 'list', merchantId, 'mover');
    expect(list).toMatch(/tok_\S+ +VERIFIED +411111\*{6}1111 +12\/2031 +VISA\n +tok_\S+ +UNVERIFIED +457675\*{6}0110/);
    expect(JSON.stringify([told, list, done, dry])).not.toMatch(/\d{13,}/);
  });

  test('gives a file again in which a card has changed, or whose token was removed: neither is taken for done', async () => {
    const file = await write('again', [
      await lineOf({ id: 'old-1', pan: cards[0] }),
      await lineOf({ id: 'old-2', pan: cards[3] }),
      await lineOf({ id: 'old-4', pan: cards[0], merchantUserId: 'other' }),
    ]);
    expect((await importing(file)).code).toBe(1);
    expect((await results()).map(({ result, reason }) => reason ?? result)).toEqual([
      'imported',
      'id: the token that it became stands for another card number',
      'id: another binding of the merchant has it',
    ]);
    const { merchantId: id, apiKey, merchantPrivateKey, baseUrl } = gateway.sandbox;
    const body = JSON.stringify({ merchantInfo: { merchantId: id }, merchantUserId: 'somebody-else' });
    const signature = await sign(Buffer.from(body), parsePrivateKey(merchantPrivateKey));
    const headers = { 'content-type': 'application/json', 'x-api-key': apiKey, 'x-signature': signature };
    await fetch(`${baseUrl}/tokenization/remove`, { method: 'POST', headers, body });
    const gone = await write('gone', [await lineOf({ id: 'old-4', pan: cards[0], merchantUserId: 'somebody-else' })]);
    await importing(gone);
    expect((await results())[0]).toMatchObject({
      result: 'refused',
      reason: 'id: the token that it became was removed',
    });
  });

  test('is killed on the way and gives the command again: each line is one token, and one entry at least', async () => {
    const lines = await Promise.all(
      Array.from({ length: 120 }, (_, n) => lineOf({ id: `many-${n}`, pan: cards[n % 4], merchantUserId: `u${n}` })),
    );
    const file = await write('many', lines);
    const words = ['token', 'import', merchantId, file, '--results', join(home, 'results.jsonl')];
    const { child, result } = startCommand(home, words);
    for (let looks = 0; looks < 2_000; looks++) {
      const written = await readFile(join(home, 'results.jsonl'), 'utf8').catch(() => '');
      if (written.includes('"many-10"')) break;
      await pause(5);
    }
    child.kill('SIGKILL');
    expect((await result).code).toBeNull();
    const before = await results();
    expect(before.length).toBeGreaterThan(10);
    expect((await importing(file)).code).toBe(0);
    const told = await results();
    expect(told).toHaveLength(120);
    expect(new Set(told.map(({ tokenId }) => tokenId)).size).toBe(120);
    for (const { id, tokenId } of before) expect(told.find((line) => line.id === id)?.tokenId).toBe(tokenId);
    expect(await waffo('token', 'list', merchantId, 'u7')).toMatch(/^[^\n]+\n +tok_[^\n]+\n$/);
  });

  test('moves them out again to another vault, which reads what was moved in', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const recipient = await write('recipient.jwk', [JSON.stringify(publicKey.export({ format: 'jwk' }))]);
    const out = join(home, 'out');
    await waffo('token', 'export', merchantId, '--recipient', recipient, '--out', out);
    const key = await importJWK(privateKey.export({ format: 'jwk' }) as JWK, 'ECDH-ES');
    const lines = (await readFile(out, 'utf8')).trim().split('\n');
    const moved = await Promise.all(
      lines.map(async (jwe) => JSON.parse(Buffer.from((await compactDecrypt(jwe, key)).plaintext).toString())),
    );
    expect(moved).toHaveLength(122);
    const first = moved.find(({ merchantUserId, authenticated }) => merchantUserId === 'mover' && authenticated);
    expect(first).toMatchObject({ pan: cards[0], expiry: '12/2031', name: 'Ada Lovelace' });
    expect(new Set(moved.map(({ pan }) => pan))).toEqual(new Set(cards));
    const own = await write('own.jwk', [JSON.stringify(privateKey.export({ format: 'jwk' }))]);
    const refused = await runCommand(home, ['token', 'export', merchantId, '--recipient', own, '--out', `${out}2`]);
    expect([refused.code, refused.errors]).toEqual([1, expect.stringContaining('bring its public half only')]);
  });

  test('finds every card that was moved in the access log, whole', async () => {
    const log = await waffo('audit', 'list', merchantId, '--limit', '1000');
    expect(log.match(/token\.export +card/g)).toHaveLength(122);
    expect(log.match(/token\.import +card/g)?.length).toBeGreaterThanOrEqual(123);
    expect(log).toMatch(/operator:\S+ +token\.import +dry-run/);
    expect(await waffo('audit', 'verify')).toContain('whole');
  });
});
