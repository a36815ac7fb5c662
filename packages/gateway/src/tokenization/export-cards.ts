/**
 * Cards that move out: each token's card, sealed to one recipient, in the form that `import-cards.ts` reads. Every card
 * that is opened for it is written down before. It must never write a number in clear.
 */
import type { Gateway } from '../gateway.ts';
import { writtenMovingCard } from '../vault/moving-card.ts';
import { sealTransfer } from '../vault/transfer-envelope.ts';
import { CardMissing, withCard } from '../vault/vault.ts';
import { countTokens, pageTokens } from './token.store.ts';
import type { Token } from './token.ts';

type Deps = Pick<Gateway, 'clock' | 'database' | 'keyring'>;

export interface ExportRun {
  readonly merchantId: string;
  /** From `recipientPoint`. */
  readonly recipient: Buffer;
  readonly actor: string;
  readonly reference: string;
}

/** How many lines there are going to be, as things stand. */
export const countCards = ({ database }: Pick<Deps, 'database'>, merchantId: string): Promise<number> =>
  countTokens(database, merchantId);

const tokensAtOnce = 100;

/**
 * @returns lines, each a JWE to the recipient, in the order of token ids; a token that is removed meanwhile is left out
 */
export async function* exportedLines(deps: Deps, run: ExportRun): AsyncGenerator<string> {
  for (let after = ''; ; ) {
    const tokens = await pageTokens(deps.database, run.merchantId, after, tokensAtOnce);
    for (const token of tokens) {
      const line = await lineOf(deps, run, token);
      if (line !== undefined) yield line;
    }
    const last = tokens.at(-1);
    if (last === undefined) return;
    after = last.tokenId;
  }
}

async function lineOf(deps: Deps, run: ExportRun, token: Token): Promise<string | undefined> {
  const { merchantId, tokenId, cardId, merchantUserId, billingAddress } = token;
  if (cardId === undefined) return undefined;
  const authenticated = [token.status, token.formerStatus].includes('VERIFIED');
  const { actor, reference } = run;
  const use = { merchantId, cardId, tokenId, actor, act: 'token.export', purpose: 'card', reference } as const;
  try {
    return await withCard(deps, use, async (card) => {
      const written = writtenMovingCard({ id: tokenId, merchantUserId, authenticated, billingAddress, card });
      try {
        return sealTransfer(written, run.recipient);
      } finally {
        written.fill(0);
      }
    });
  } catch (error) {
    if (error instanceof CardMissing) return undefined;
    throw error;
  }
}
