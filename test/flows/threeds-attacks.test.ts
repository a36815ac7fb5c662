/** What an attacker who knows a challenge's address may try (3DS-1 to 3DS-4 of the catalogue). Only the issuer decides. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RReq } from '../../packages/gateway/src/connector/threeds.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { dump } from '../kit/leak-scan.ts';
import { type Challenge, enterCode, newShopper, type Shopper, startChallenge } from '../kit/shopper.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

async function opened(): Promise<{ challenge: Challenge; shopper: Shopper }> {
  const challenge = await startChallenge(gateway);
  const shopper = newShopper();
  await shopper.visit(challenge.validateUrl);
  return { challenge, shopper };
}

const count = async (table: string): Promise<number> =>
  (await gateway.database.rows({ name: `test/count-${table}`, text: `select 1 from ${table}` })).length;

const statusOf = async ({ authenticationId }: Challenge): Promise<string | undefined> =>
  (
    await gateway.database.rows<{ status: string }>(
      { name: 'test/status', text: 'select status from threeds_authentication where authentication_id = $1' },
      [authenticationId],
    )
  )[0]?.status;

const idsOf = async ({ authenticationId }: Challenge): Promise<[string, string, string]> => {
  const [row] = await gateway.database.rows<Record<'server' | 'acs' | 'ds', string>>(
    {
      name: 'test/ids',
      text: `select three_ds_server_trans_id as server, acs_trans_id as acs, ds_trans_id as ds
             from threeds_authentication where authentication_id = $1`,
    },
    [authenticationId],
  );
  return [row?.server ?? '', row?.acs ?? '', row?.ds ?? ''];
};

describe('3DS-1: a forged return', () => {
  const forged = Buffer.from('{"messageType":"CRes","transStatus":"Y","challengeCompletionInd":"Y"}').toString(
    'base64url',
  );

  test.each([
    [
      'in the address',
      (c: Challenge, s: Shopper) => s.visit(`${c.address}?transStatus=Y&cres=${forged}&result=success`),
    ],
    [
      'in a form',
      (c: Challenge, s: Shopper) => s.post(c.address, { cres: forged, transStatus: 'Y', status: 'AUTHENTICATED' }),
    ],
    [
      'beside a wrong code',
      (c: Challenge, s: Shopper) => s.post(c.address, { cres: forged, transStatus: 'Y', challengeDataEntry: '1' }),
    ],
  ])('%s changes nothing', async (_, forge) => {
    const { challenge, shopper } = await opened();
    const tokens = await count('token');
    await forge(challenge, shopper);
    expect(await statusOf(challenge)).toBe('CHALLENGE');
    expect(await count('token')).toBe(tokens);
  });

  test('by somebody without the cookie, or with another, is not told that the page exists', async () => {
    const { challenge } = await opened();
    const stranger = newShopper();
    const unknown = await stranger.visit(`${gateway.url}/3ds/tds_0000000000000000000000`);
    expect(unknown.status).toBe(404);
    for (const cookie of [undefined, 'waffo_3ds=', 'waffo_3ds=AAAA', `waffo_3ds=${'A'.repeat(43)}`]) {
      const path = new URL(challenge.address).pathname;
      if (cookie !== undefined) stranger.cookies.set(path, cookie);
      for (const seen of [await stranger.visit(challenge.address), await enterCode(stranger, challenge, '1234')]) {
        expect([seen.status, seen.text]).toEqual([404, unknown.text]);
      }
    }
    expect(await statusOf(challenge)).toBe('CHALLENGE');
  });

  test('from another site is refused although the browser sends the cookie', async () => {
    const { challenge, shopper } = await opened();
    const cookie = [...shopper.cookies.values()][0] ?? '';
    for (const site of ['cross-site', 'same-site', 'none']) {
      const victim = newShopper({ 'sec-fetch-site': site });
      victim.cookies.set(new URL(challenge.address).pathname, cookie);
      expect((await enterCode(victim, challenge, '1234')).status).toBe(404);
    }
    expect(await statusOf(challenge)).toBe('CHALLENGE');
  });
});

describe('3DS-2: a replay or a swap', () => {
  test('a link works once: the second browser sees nothing, the first may come back by it', async () => {
    const { challenge, shopper } = await opened();
    const thief = await newShopper().visit(challenge.validateUrl);
    expect(thief.status).toBe(404);
    expect(thief.text).not.toContain('400000');
    expect((await shopper.visit(challenge.validateUrl)).text).toContain('challengeDataEntry');
  });

  test('two browsers that open a link at the same moment: one of them gets in', async () => {
    const challenge = await startChallenge(gateway);
    const seen = await Promise.all([1, 2, 3, 4].map(() => newShopper().visit(challenge.validateUrl)));
    expect(seen.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404]);
  });

  test('a forged link opens nothing', async () => {
    const challenge = await startChallenge(gateway);
    for (const secret of ['x', 'A'.repeat(43), `${challenge.validateUrl.slice(-43, -1)}~`, '%00']) {
      expect((await newShopper().visit(`${challenge.address}/${secret}`)).status).toBe(404);
    }
    expect((await newShopper().visit(challenge.validateUrl)).status).toBe(200);
  });

  test("one transaction's cookie does not open another", async () => {
    const [mine, other] = [await opened(), await opened()];
    const stolen = mine.shopper.cookies.get(new URL(mine.challenge.address).pathname) ?? '';
    mine.shopper.cookies.set(new URL(other.challenge.address).pathname, stolen);
    expect((await enterCode(mine.shopper, other.challenge, '1234')).status).toBe(404);
    expect(await statusOf(other.challenge)).toBe('CHALLENGE');
  });

  test('a right code posted ten times at once makes one token, one verification and one notification', async () => {
    const { challenge, shopper } = await opened();
    const [tokens, attempts] = [await count('token'), await count('payment_attempt')];
    await Promise.all(Array.from({ length: 10 }, () => enterCode(shopper, challenge, '1234')));
    await enterCode(shopper, challenge, '1234');
    await gateway.settle();
    expect([await count('token'), await count('payment_attempt')]).toEqual([tokens + 1, attempts + 1]);
    const told = gateway.receiver
      .events('TOKENIZATION_NOTIFICATION')
      .filter(({ result }) => result.tokenRequestId === challenge.tokenRequestId);
    expect(told).toHaveLength(1);
  });

  test('a cancellation after success, and success after a cancellation, come too late', async () => {
    const passed = await opened();
    await enterCode(passed.shopper, passed.challenge, '1234');
    await passed.shopper.post(passed.challenge.address, { action: 'cancel' });
    expect(await statusOf(passed.challenge)).toBe('AUTHENTICATED');
    const given = await opened();
    await given.shopper.post(given.challenge.address, { action: 'cancel' });
    await enterCode(given.shopper, given.challenge, '1234');
    expect(await statusOf(given.challenge)).toBe('FAILED');
  });

  test('a result that names any other transaction is refused, and acknowledged as refused', async () => {
    const provider = gateway.app.gateway.connectors.threeDsOf('');
    const answered: string[] = [];
    const [mine, other] = [await opened(), await opened()];
    const [server, acs, ds] = await idsOf(mine.challenge);
    const [otherServer, otherAcs, otherDs] = await idsOf(other.challenge);
    const proof = { transStatus: 'Y', eci: '05', authenticationValue: 'AAAA' } as const;
    const results = [
      { threeDSServerTransID: otherServer, acsTransID: acs, dsTransID: ds, ...proof },
      { threeDSServerTransID: server, acsTransID: otherAcs, dsTransID: ds, ...proof },
      { threeDSServerTransID: server, acsTransID: acs, dsTransID: otherDs, ...proof },
      { threeDSServerTransID: server, acsTransID: acs, dsTransID: ds, transStatus: 'C' } as const,
    ];
    const { result, acknowledge } = provider;
    try {
      for (const forged of results) {
        const message = { messageType: 'RReq', messageVersion: '2.2.0', ...forged } satisfies RReq;
        Object.assign(provider, {
          result: async () => message,
          acknowledge: async ({ resultsStatus }: { resultsStatus: string }) => answered.push(resultsStatus),
        });
        await mine.shopper.visit(mine.challenge.address);
        expect(await statusOf(mine.challenge)).toBe('CHALLENGE');
      }
    } finally {
      Object.assign(provider, { result, acknowledge });
    }
    expect(answered).toEqual(['02', '02', '02', '02']);
  });
});

describe('3DS-3: guessing', () => {
  test('a thousand codes at once are three tries, and the right one among them does not count after those', async () => {
    const { challenge, shopper } = await opened();
    const codes = Array.from({ length: 1_000 }, (_, i) => String(i).padStart(4, '0'));
    for (let i = 0; i < codes.length; i += 50) {
      await Promise.all(codes.slice(i, i + 50).map((code) => enterCode(shopper, challenge, code)));
    }
    await enterCode(shopper, challenge, '1234');
    expect(await statusOf(challenge)).toBe('FAILED');
  }, 120_000);

  test.each(['', ' ', '12345', '123', '1234\u0000', '１２３４', "1234' or '1'='1", '1'.repeat(5_000)])(
    'what is nearly the code is not the code: %j',
    async (code) => {
      const { challenge, shopper } = await opened();
      await enterCode(shopper, challenge, code);
      expect(await statusOf(challenge)).toBe('CHALLENGE');
    },
  );
});

describe('3DS-4: codes of an issuer that draws them', () => {
  let drawing: TestGateway;
  beforeAll(async () => {
    drawing = await startTestGateway({ WAFFO_SANDBOX_CODE: 'drawn' });
  });
  afterAll(() => drawing.stop());

  test('two transactions within 180 seconds have different codes, and neither passes the other', async () => {
    const both = await Promise.all(
      [1, 2].map(async () => {
        const challenge = await startChallenge(drawing);
        const shopper = newShopper();
        const { text } = await shopper.visit(challenge.validateUrl);
        return { challenge, shopper, code: /The code is (\d{6})\./.exec(text)?.[1] ?? '' };
      }),
    );
    const [first, second] = both as [(typeof both)[0], (typeof both)[0]];
    expect(first.code).toMatch(/^\d{6}$/);
    expect(second.code).not.toBe(first.code);
    expect((await enterCode(first.shopper, first.challenge, second.code)).text).toContain('2 tries left');
    expect((await enterCode(first.shopper, first.challenge, first.code)).text).toContain('Your card is confirmed.');
    expect((await enterCode(second.shopper, second.challenge, first.code)).text).toContain('2 tries left');
  });
});

describe('a CVV that waits for a challenge', () => {
  const cvv = '739';
  // The record's own spelling, and its digits alone.
  const spellings = [cvv, Buffer.from(cvv).toString('hex'), Buffer.from(cvv).toString('base64')];
  const held = async () => {
    const text = `select t::text as line from vault_cvv_hold t`;
    return (await gateway.database.rows<{ line: string }>({ name: 'test/held', text })).map(({ line }) => line).join();
  };

  test('rests sealed, in a table without a log, under a key that is nowhere in the database or the log', async () => {
    const { challenge, shopper } = await startChallenge(gateway, {}, { cvv }).then(async (started) => {
      const visitor = newShopper();
      await visitor.visit(started.validateUrl);
      return { challenge: started, shopper: visitor };
    });
    const [table] = await gateway.database.rows<{ relpersistence: string }>({
      name: 'test/unlogged',
      text: `select relpersistence::text from pg_class where relname = 'vault_cvv_hold'`,
    });
    expect(table?.relpersistence).toBe('u');
    const row = await held();
    expect(row).toContain(challenge.authenticationId);
    for (const spelling of spellings.slice(1)) expect(row).not.toContain(spelling);

    const cookie = ([...shopper.cookies.values()][0] ?? '').replace(/^[^=]+=/, '');
    const link = challenge.validateUrl.slice(challenge.validateUrl.lastIndexOf('/') + 1);
    const everything = `${await dump((statement) => gateway.database.rows(statement))}\n${gateway.logLines.join('\n')}`;
    for (const secret of [cookie, link]) {
      expect(secret).toHaveLength(43);
      for (const spelling of [secret, Buffer.from(secret, 'base64url').toString('hex')]) {
        expect(everything).not.toContain(spelling);
      }
    }
  });

  test('cannot be opened by the link any more once the link was used', async () => {
    const { readCvv } = await import('../../packages/gateway/src/vault/cvv-hold.ts');
    const challenge = await startChallenge(gateway, {}, { cvv });
    const secret = Buffer.from(challenge.validateUrl.slice(challenge.validateUrl.lastIndexOf('/') + 1), 'base64url');
    const key = { merchantId: gateway.merchant.merchantId, holdId: challenge.authenticationId, secret };
    expect((await readCvv(gateway.database, key))?.toString()).toBe(cvv);
    const shopper = newShopper();
    await shopper.visit(challenge.validateUrl);
    expect(await readCvv(gateway.database, key)).toBeUndefined();
    const cookie = Buffer.from(([...shopper.cookies.values()][0] ?? '').replace(/^[^=]+=/, ''), 'base64url');
    expect((await readCvv(gateway.database, { ...key, secret: cookie }))?.toString()).toBe(cvv);
  });

  test('reaches the issuer with the card, and is gone in the transaction of the result', async () => {
    const acquirer = gateway.app.gateway.connectors.of('');
    const { verify } = acquirer;
    const seen: unknown[] = [];
    Object.assign(acquirer, {
      verify: async (call: Parameters<typeof verify>[0]) => {
        seen.push([call.card.cvv?.toString(), call.threeDs]);
        return verify(call);
      },
    });
    try {
      const challenge = await startChallenge(gateway, {}, { cvv });
      const shopper = newShopper();
      await shopper.visit(challenge.validateUrl);
      await enterCode(shopper, challenge, '1234');
      expect(await held()).not.toContain(challenge.authenticationId);
    } finally {
      Object.assign(acquirer, { verify });
    }
    const dsTransID = expect.stringMatching(/^[0-9a-f-]{36}$/);
    const authenticationValue = expect.stringMatching(/^[\w+/]{27}=$/);
    expect(seen).toEqual([[cvv, { eci: '05', authenticationValue, dsTransID, messageVersion: '2.2.0' }]]);
  });

  test('is gone fifteen minutes later whatever became of it', async () => {
    const challenge = await startChallenge(gateway, {}, { cvv });
    expect(await held()).toContain(challenge.authenticationId);
    // The authentication is made to hang, as after a death between its end and the outcome.
    await gateway.database.rows(
      {
        name: 'test/hang',
        text: `update threeds_authentication set status = 'AUTHENTICATED' where authentication_id = $1`,
      },
      [challenge.authenticationId],
    );
    await gateway.travel(15 * 60_000);
    expect(await held()).not.toContain(challenge.authenticationId);
  });
});
