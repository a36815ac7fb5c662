/** What is sent, made and signed beforehand. */
import { seal } from '@waffo/protocol/envelope/seal';
import { openConnection } from './connection.ts';
import { browserRequest, corpus, generateOf, orderOf, refusedBody, signedRequests } from './corpus.ts';
import { type Bench, Flawed, portOf, type Sent } from './measure.ts';
import { counted, sayPhase } from './progress.ts';
import { sideBySide } from './side-by-side.ts';

const card = { pan: '4111111111111111', expiry: '12/2030', cvv: '123', name: 'Ada Lovelace' };

/** Calls at a time outside the measurement. */
const askedAtATime = 32;
/** The gateway keeps 500 signatures of refusals for a key; one that comes again after so many others is not among them. */
const differentRefusals = 5_000;
/** Orders that are asked for again and again. */
const repeatedOrders = 500;

/** Calls outside the measurement. @returns the data of each answer */
async function askAll(bench: Bench, requests: readonly Buffer[]): Promise<Record<string, unknown>[]> {
  const port = portOf(bench.gateway.url);
  const connections = await Promise.all(Array.from({ length: askedAtATime }, () => openConnection(port)));
  const free = [...connections];
  const answers = await sideBySide(requests.length, askedAtATime, async (number) => {
    const connection = free.pop();
    if (connection === undefined) throw new Error('more calls at a time than connections');
    const { body } = await connection.ask(requests[number] as Buffer);
    free.push(connection);
    const { code, data } = JSON.parse(body) as { code: string; data: Record<string, unknown> };
    if (code !== '0') throw new Flawed(`while a row was prepared, a call was answered ${body.slice(0, 300)}`);
    return data;
  });
  for (const connection of connections) connection.end();
  return answers;
}

/** Tokens to pay with, made as shops make them. */
export async function bindTokens(bench: Bench, count: number): Promise<string[]> {
  const { sandbox } = bench.gateway;
  const wishes = Array.from({ length: count }, () => generateOf(sandbox, bench.notifyUrl));
  await askAll(bench, await submitsOf(bench, wishes));
  const inquiries = await signedRequests(sandbox, '/tokenization/inquiry', count, (number) => {
    const { tokenRequestId, merchantInfo } = wishes[number] as (typeof wishes)[number];
    return { tokenRequestId, merchantInfo };
  });
  const found = (await askAll(bench, inquiries)) as unknown as { tokenId: string }[][];
  return found.map(([token]) => {
    if (token === undefined) throw new Flawed('a card was submitted, and there is no token');
    return token.tokenId;
  });
}

/** Opens sessions, and seals a card to each. */
async function submitsOf(bench: Bench, wishes: readonly ReturnType<typeof generateOf>[]): Promise<Buffer[]> {
  const { sandbox } = bench.gateway;
  const generates = await signedRequests(
    sandbox,
    '/tokenization/generate',
    wishes.length,
    (number) => wishes[number] ?? {},
  );
  sayPhase(`opening ${counted(wishes.length, 'sessions')}`);
  const sessions = await askAll(bench, generates);
  sayPhase('sealing a card to each');
  return sideBySide(sessions.length, askedAtATime, async (number) => {
    const tokenSessionId = String(sessions[number]?.tokenSessionId);
    const encryptedCard = await seal(tokenSessionId, card);
    return browserRequest(sandbox, '/tokenization/submit', { tokenSessionId, encryptedCard });
  });
}

const signedOrders = ({ gateway: { sandbox }, notifyUrl }: Bench, tokens: readonly string[], count: number) =>
  signedRequests(sandbox, '/order/create', count, (number) =>
    orderOf(sandbox, tokens[number % tokens.length] ?? '', notifyUrl),
  );

/** Pays so many orders, outside the measurement. */
export async function payOrders(bench: Bench, tokens: readonly string[], count: number): Promise<void> {
  await askAll(bench, await signedOrders(bench, tokens, count));
}

/** One request that says nothing: each refusal has the same bytes, and the gateway signs those once (design D-09). */
export async function sameRefusal({ gateway, folder }: Bench): Promise<Sent> {
  const requests = await signedRequests(gateway.sandbox, '/order/create', 1, () => ({}));
  return { corpus: await corpus(folder, 'same-refusal', requests), repeats: true, status: 400 };
}

/** As far into the gateway as those, but no two refusals have the same bytes, so that each has to be signed. */
export async function differingRefusals({ gateway, folder }: Bench): Promise<Sent> {
  const requests = await signedRequests(gateway.sandbox, '/order/create', differentRefusals, refusedBody);
  return { corpus: await corpus(folder, 'differing-refusals', requests), repeats: true, status: 400 };
}

export async function inquiries({ gateway: { sandbox }, folder }: Bench, tokens: readonly string[]): Promise<Sent> {
  const merchantInfo = { merchantId: sandbox.merchantId };
  const bodyOf = (number: number) => ({ tokenId: tokens[number], merchantInfo });
  const requests = await signedRequests(sandbox, '/tokenization/inquiry', tokens.length, bodyOf);
  return { corpus: await corpus(folder, 'inquiry', requests), repeats: true };
}

/** As many as the warm-up and all rounds can use between them. */
const enoughFor = (bench: Bench, call: Parameters<Bench['paces']['enoughFor']>[0]): number =>
  bench.paces.enoughFor(call, bench.warmUpSeconds + bench.rounds * bench.seconds);

export async function orders(bench: Bench, tokens: readonly string[]): Promise<Sent> {
  const requests = await signedOrders(bench, tokens, enoughFor(bench, 'order/create'));
  return { corpus: await corpus(bench.folder, 'orders', requests) };
}

/** Orders at a steady rate, however long they take. */
export async function ordersAt(bench: Bench, tokens: readonly string[], rate: number): Promise<Sent> {
  const count = Math.ceil(rate * bench.warmUpSeconds) + bench.rounds * Math.ceil(rate * bench.seconds);
  return { corpus: await corpus(bench.folder, 'orders', await signedOrders(bench, tokens, count)), rate };
}

/** Orders that were paid before they are asked for again. */
export async function repeats(bench: Bench, tokens: readonly string[]): Promise<Sent> {
  const requests = await signedOrders(bench, tokens, repeatedOrders);
  await askAll(bench, requests);
  return { corpus: await corpus(bench.folder, 'repeats', requests), repeats: true };
}

export async function generates(bench: Bench): Promise<Sent> {
  const { gateway, notifyUrl, folder } = bench;
  const count = enoughFor(bench, 'tokenization/generate');
  const bodyOf = () => generateOf(gateway.sandbox, notifyUrl);
  const requests = await signedRequests(gateway.sandbox, '/tokenization/generate', count, bodyOf);
  return { corpus: await corpus(folder, 'generate', requests) };
}

export async function submits(bench: Bench): Promise<Sent> {
  const count = enoughFor(bench, 'tokenization/submit');
  const wishes = Array.from({ length: count }, () => generateOf(bench.gateway.sandbox, bench.notifyUrl));
  return { corpus: await corpus(bench.folder, 'submit', await submitsOf(bench, wishes)) };
}
