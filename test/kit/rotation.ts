/**
 * All keys of a vault full of cards are rotated by the operator's own commands, beside a gateway that goes on binding,
 * charging and answering. Some of the commands are killed on the way and given again. Then everything is counted.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seal } from '@waffo/protocol/envelope/seal';
import { parsePrivateKey, sign } from '@waffo/protocol/signature';
import { realClock } from '../../packages/gateway/src/clock.ts';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import { startEmbedded } from '../../packages/gateway/src/storage/embedded.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { CardBuffer } from '../../packages/gateway/src/vault/card-buffer.ts';
import { heldKeks } from '../../packages/gateway/src/vault/kek.ts';
import { keksFromFiles } from '../../packages/gateway/src/vault/kek-file.ts';
import { openKeyring } from '../../packages/gateway/src/vault/keyring.ts';
import { type SealedCard, sealCard, storeCard } from '../../packages/gateway/src/vault/vault.ts';
import { startChildGateway } from './child-gateway.ts';
import { type CommandResult, runCommand, startCommand } from './command.ts';
import { startReceiver } from './receiver.ts';
import { testCard } from './test-card.ts';
import { throwawayFolder } from './throwaway-folder.ts';

type Kind = 'kek' | 'card' | 'fingerprint';

export interface RotationFigures {
  readonly requests: number;
  readonly binds: number;
  /** What was answered with anything but success, and the first few of it. */
  readonly failed: { readonly count: number; readonly first: readonly string[] };
  /** How far each command had come that was killed. */
  readonly kills: readonly string[];
  /** How many of them the next command went on with. */
  readonly resumed: number;
  readonly opened: number;
  readonly undecryptable: number;
  readonly onOldKeys: number;
}

interface Place {
  readonly home: string;
  readonly settings: { readonly WAFFO_DATABASE_URL: string } & Record<string, string>;
}

/**
 * @param options.rotate - what, in this order
 * @param options.kill - of these, the ones whose command is killed once while it moves
 * @param options.rate - values a second of the commands that are killed, so that there is time for it
 * @param options.say - told of each step
 */
export async function rotateUnderLoad(options: {
  readonly cards: number;
  readonly rotate: readonly Kind[];
  readonly kill: readonly Kind[];
  readonly rate: number;
  readonly say?: (line: string) => void;
}): Promise<RotationFigures> {
  const folder = await throwawayFolder('waffo-rotation-');
  const server = await startEmbedded({ dataFolder: join(folder.path, 'postgres') });
  const place: Place = {
    home: folder.path,
    settings: { WAFFO_DATABASE_URL: server.url, WAFFO_LOG_LEVEL: 'warn' },
  };
  const child = await startChildGateway(place.home, place.settings);
  const receiver = await startReceiver({ privateKey: parsePrivateKey(child.sandbox.merchantPrivateKey) });
  const load = startLoad(child.sandbox, receiver.url);
  try {
    await fill(place, child.sandbox.merchantId, options.cards);
    const { kills, resumed } = await rotateAll(place, options);
    const figures = await load.end();
    return { ...figures, kills, resumed, ...(await countAll(place)) };
  } finally {
    await load.end();
    await child.stop();
    await receiver.stop();
    await server.stop();
    await folder.remove();
  }
}

async function rotateAll(
  place: Place,
  { rotate, kill, rate, say = () => {} }: Parameters<typeof rotateUnderLoad>[0],
): Promise<Pick<RotationFigures, 'kills' | 'resumed'>> {
  const kills: string[] = [];
  let resumed = 0;
  for (const kind of rotate) {
    if (kind === 'kek') await waffo(place, 'key', 'add');
    if (kill.includes(kind)) {
      // There are a dozen data keys.
      const story = await killedRotation(place, kind, kind === 'kek' ? 1 : rate);
      kills.push(story);
      say(story);
    }
    const { output } = await waffo(place, 'key', 'rotate', kind);
    if (output.includes('going on with')) resumed += 1;
    say(output.trim());
  }
  return { kills, resumed };
}

/** As an operator counts it. A session keeps its key for the minutes that it lives, so it counts as opened only. */
async function countAll(place: Place): Promise<Pick<RotationFigures, 'opened' | 'undecryptable' | 'onOldKeys'>> {
  const { output } = await runCommand(place.home, ['key', 'verify'], place);
  const counts = [...output.matchAll(/^(.+): (\d+) open, (\d+) do not, (\d+) on older keys/gm)];
  const moved = counts.filter(([, noun]) => noun !== 'open sessions');
  return { opened: sumOf(counts, 2), undecryptable: sumOf(counts, 3), onOldKeys: sumOf(moved, 4) };
}

const sumOf = (matches: readonly RegExpExecArray[], group: number) =>
  matches.reduce((sum, match) => sum + Number(match[group]), 0);

async function waffo(place: Place, ...words: string[]): Promise<CommandResult> {
  const result = await runCommand(place.home, words, place);
  if (result.code !== 0) throw new Error(`waffo ${words.join(' ')} failed:\n${result.output}${result.errors}`);
  return result;
}

/** Cards of many numbers, as binding stores them. */
async function fill({ home, settings }: Place, merchantId: string, cards: number): Promise<void> {
  const database = await openDatabase({ url: settings.WAFFO_DATABASE_URL, poolSize: 4 });
  try {
    const kek = heldKeks('the key file', () => keksFromFiles([join(home, 'kek')]));
    const keyring = await openKeyring({ database, kek, clock: realClock });
    for (let from = 0; from < cards; from += 500) {
      const numbers = Array.from({ length: Math.min(500, cards - from) }, (_, at) => 4_929_000_000_000_000 + from + at);
      const sealed: SealedCard[] = [];
      for (const number of numbers) {
        const expiry = { month: 9, year: 2031 };
        const card = CardBuffer.fromText({ pan: String(number), expiry, cvv: undefined, name: 'Ada Lovelace' });
        sealed.push(await sealCard({ keyring }, { merchantId, card }));
        card.dispose();
      }
      await database.transaction(async (tx) => {
        for (const card of sealed) await storeCard(tx, card, realClock.now());
      });
    }
  } finally {
    await database.close();
  }
}

/** Cards, and data keys, that were there before and are still on the key that they were on. */
const unmoved: Record<Kind, string> = {
  kek: `select count(*)::int as n from vault_data_key d join vault_kek k using (kek_id)
    where d.created_at < $1 and k.created_at < $1`,
  card: `select count(*)::int as n from vault_card c join vault_data_key d using (merchant_id, data_key_id)
    where c.created_at < $1 and d.created_at < $1`,
  fingerprint: `select count(*)::int as n from vault_card c
    join vault_data_key d on d.merchant_id = c.merchant_id and d.data_key_id = c.fingerprint_key_id
    where c.created_at < $1 and d.created_at < $1`,
};

/** Kills the command as soon as some values are moved and others are not. @returns how far it had come */
async function killedRotation({ home, settings }: Place, kind: Kind, rate: number): Promise<string> {
  const database = await openDatabase({ url: settings.WAFFO_DATABASE_URL, poolSize: 1 });
  const since = new Date();
  const left = async () => {
    const [row] = await database.rows<{ n: number }>({ name: `test/unmoved-${kind}`, text: unmoved[kind] }, [since]);
    return row?.n ?? 0;
  };
  const command = startCommand(home, ['key', 'rotate', kind, '--rate', String(rate)], { settings });
  try {
    const total = await left();
    // A card whose binding was under way may join those that were counted.
    for (let now = total; now >= total; now = await left()) {
      if (command.child.exitCode !== null) throw new Error(`the rotation of ${kind} moved nothing`);
      await sleep(5);
    }
    command.child.kill('SIGKILL');
    await once(command.child, 'close');
    const now = await left();
    if (now === 0) throw new Error(`the rotation of ${kind} ended before it was killed`);
    return `${kind} killed with ${total - now} of ${total} moved`;
  } finally {
    await database.close();
  }
}

interface Load {
  /** Ends it and waits for what is under way. */
  end(): Promise<Pick<RotationFigures, 'requests' | 'binds' | 'failed'>>;
}

/** Binds cards, charges each once new and once more when it is the oldest, and asks; nothing is sent twice. */
function startLoad(as: SandboxMerchant, notifyUrl: string): Load {
  const clients = 2;
  const figures = { requests: 0, binds: 0, failed: { count: 0, first: [] as string[] } };
  const tokens: string[] = [];
  let isEnding = false;
  const privateKey = parsePrivateKey(as.merchantPrivateKey);
  const merchantInfo = { merchantId: as.merchantId };

  // biome-ignore lint/suspicious/noExplicitAny: answers of several operations
  async function call(path: string, fields: object, isBrowser = false): Promise<any> {
    const body = JSON.stringify(isBrowser ? fields : { merchantInfo, ...fields });
    const headers = {
      'content-type': 'application/json',
      'x-api-key': isBrowser ? as.clientApiKey : as.apiKey,
      ...(!isBrowser && { 'x-signature': await sign(Buffer.from(body), privateKey) }),
    };
    figures.requests += 1;
    const text = await fetch(`${as.baseUrl}${path}`, { method: 'POST', body, headers }).then(
      (response) => response.text(),
      (error) => JSON.stringify({ msg: String(error) }),
    );
    const answer = JSON.parse(text);
    if (answer.code === '0') return answer.data;
    figures.failed.count += 1;
    if (figures.failed.first.length < 5) figures.failed.first.push(`${path}: ${text}`);
    throw new Error('failed');
  }

  const charge = (paymentRequestId: string, tokenId: string) =>
    call('/order/create', {
      paymentRequestId,
      merchantOrderId: paymentRequestId,
      orderCurrency: 'HKD',
      orderAmount: '100.00',
      orderDescription: 'Three teapots',
      orderRequestedAt: '2026-11-23T12:00:00.000Z',
      userInfo: { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB' },
      paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
      tokenId,
      notifyUrl,
    });

  async function story(id: string): Promise<void> {
    const tokenRequestId = `treq_${id}`;
    const opened = { tokenRequestId, merchantUserId: id, tokenType: 'CARD', notifyUrl };
    const { tokenSessionId } = await call('/tokenization/generate', opened);
    const encryptedCard = await seal(tokenSessionId, testCard);
    await call('/tokenization/submit', { tokenSessionId, encryptedCard }, true);
    figures.binds += 1;
    const [{ tokenId }] = await call('/tokenization/inquiry', { tokenRequestId });
    tokens.push(tokenId);
    const oldest = tokens[Math.floor(tokens.length / 2)] ?? tokenId;
    await charge(`new_${id}`, tokenId);
    await charge(`old_${id}`, oldest);
    await call('/order/inquiry', { paymentRequestId: `old_${id}` });
  }

  const running = Array.from({ length: clients }, async (_, client) => {
    for (let n = 0; !isEnding; n++) {
      await story(`${client}_${n}`).catch((error: Error) => {
        if (error.message !== 'failed') throw error;
      });
    }
  });
  return {
    async end() {
      isEnding = true;
      await Promise.all(running);
      return figures;
    },
  };
}
