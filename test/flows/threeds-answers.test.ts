/** What a card becomes after each answer of an issuer that the sandbox's cards do not give, silence among them. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ARes, RReq, ThreeDsProvider, TransStatus } from '../../packages/gateway/src/connector/threeds.ts';
import { freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { newShopper, startChallenge } from '../kit/shopper.ts';

let gateway: TestGateway;
let provider: ThreeDsProvider;
let original: ThreeDsProvider;
beforeAll(async () => {
  gateway = await startTestGateway();
  provider = gateway.app.gateway.connectors.threeDsOf('');
  original = { ...provider };
});
afterEach(() => {
  Object.assign(provider, original);
});
afterAll(() => gateway.stop());

async function bind() {
  const tokenRequestId = freshId('treq');
  const body = { tokenRequestId, merchantUserId: freshId('user'), tokenType: 'CARD', notifyUrl: gateway.receiver.url };
  const opened = await gateway.call('/tokenization/generate', body);
  const answer = await gateway.submit(opened.data.tokenSessionId, { pan: '4000000000001000' });
  return { tokenRequestId, answer };
}

async function toldOf(tokenRequestId: string): Promise<string[]> {
  await gateway.settle();
  const events = gateway.receiver.events('TOKENIZATION_NOTIFICATION').map(({ result }) => result);
  return events.filter((result) => result.tokenRequestId === tokenRequestId).map(({ tokenStatus }) => tokenStatus);
}

const verdicts: [TransStatus, string][] = [
  ['A', 'UNVERIFIED'],
  ['U', 'UNVERIFIED'],
  ['N', 'FAILED'],
  ['R', 'FAILED'],
];

describe('an issuer that answers the AReq with', () => {
  test.each(verdicts)('%s leaves the card %s, whatever proof it sends along', async (transStatus, status) => {
    const proof = { eci: '06', authenticationValue: Buffer.alloc(20).toString('base64') };
    const answered = async (...call: Parameters<ThreeDsProvider['authenticate']>): Promise<ARes> => ({
      ...(await original.authenticate(...call)),
      ...proof,
      transStatus,
    });
    Object.assign(provider, { authenticate: answered });
    const { tokenRequestId, answer } = await bind();
    expect(answer.data?.validateUrl).toBeUndefined();
    expect(await toldOf(tokenRequestId)).toEqual([status]);
  });

  test('nothing at all is given up after ten seconds, and the card is bound UNVERIFIED', async () => {
    let asked = () => {};
    const heard = new Promise<void>((resolve) => {
      asked = resolve;
    });
    Object.assign(provider, {
      authenticate: () => {
        asked();
        return new Promise<never>(() => {});
      },
    });
    const binding = bind();
    await heard;
    await gateway.travel(10_000);
    const { tokenRequestId, answer } = await binding;
    expect(answer).toMatchObject({ code: '0', data: { tokenRequestId } });
    expect(await toldOf(tokenRequestId)).toEqual(['UNVERIFIED']);
  });
});

describe('a challenge whose RReq says', () => {
  test.each(verdicts)('%s leaves the card %s, once', async (transStatus, status) => {
    const challenge = await startChallenge(gateway);
    const [booked] = await gateway.database.rows<{ server: string; acs: string; ds: string }>(
      {
        name: 'test/transaction-ids',
        text: `select three_ds_server_trans_id as server, acs_trans_id as acs, ds_trans_id as ds
               from threeds_authentication where authentication_id = $1`,
      },
      [challenge.authenticationId],
    );
    const ids = {
      threeDSServerTransID: booked?.server ?? '',
      acsTransID: booked?.acs ?? '',
      dsTransID: booked?.ds ?? '',
    };
    const result = { messageType: 'RReq', messageVersion: '2.2.0', ...ids, transStatus } satisfies RReq;
    Object.assign(provider, { result: async () => result });
    const shopper = newShopper();
    await shopper.visit(challenge.validateUrl);
    await shopper.visit(challenge.address);
    expect(await toldOf(challenge.tokenRequestId)).toEqual([status]);
  });
});
