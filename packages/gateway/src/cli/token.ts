/** `waffo token`: a merchant's tokens as its operator looks at them, holds them back, and has them brought up to date. */
import { Command } from 'commander';
import { configFrom } from '../config.ts';
import { withGround } from '../ground.ts';
import { recordOperatorAct } from '../merchant/operator-act.ts';
import {
  askAboutToken,
  listTokens,
  resumeToken,
  showToken,
  suspendToken,
  type TokenDeps,
  type TokenView,
} from '../tokenization/suspend.ts';
import { operator } from './audit.ts';
import { printLines, printTable } from './print.ts';
import { exportCommand, importCommand, importKeyCommand } from './token-transfer.ts';

export const tokenCommand = (): Command =>
  new Command('token')
    .description("look at a merchant's tokens, hold them back, bring them up to date, move them in and out")
    .addCommand(
      new Command('list')
        .description("a user's tokens that are not removed")
        .argument('<merchant>')
        .argument('<user>', 'the merchantUserId that the cards were bound for')
        .action((merchantId: string, user: string) =>
          withGround(configFrom(), async (ground) => printTokens(await listTokens(ground, merchantId, user))),
        ),
    )
    .addCommand(one('show', 'one token', showToken))
    .addCommand(one('suspend', 'let nothing be charged to it until it is resumed', suspendToken))
    .addCommand(one('resume', 'let it be charged again', resumeToken))
    .addCommand(
      one(
        'refresh',
        'have the running gateway ask the account updater what became of its card; the merchant is notified of news',
        askAboutToken,
      ),
    )
    .addCommand(importKeyCommand())
    .addCommand(importCommand())
    .addCommand(exportCommand());

const one = (
  name: string,
  description: string,
  act: (deps: TokenDeps, merchantId: string, tokenId: string) => Promise<TokenView>,
): Command =>
  new Command(name)
    .description(description)
    .argument('<merchant>')
    .argument('<token>', 'tok_…')
    .action((merchantId: string, tokenId: string) =>
      withGround(configFrom(), async (ground) => {
        if (name !== 'show')
          await recordOperatorAct(ground, { actor: operator(), purpose: `token ${name}`, merchantId, tokenId });
        const view = await act(ground, merchantId, tokenId);
        printLines({
          Token: view.tokenId,
          Status: view.tokenStatus,
          User: view.merchantUserId,
          Card: view.maskedCard,
          Expiry: view.expiry,
          Scheme: view.scheme,
        });
      }),
    );

function printTokens(tokens: readonly TokenView[]): void {
  if (tokens.length === 0) process.stdout.write('  there is none\n');
  else
    printTable(
      ['token', 'status', 'card', 'expiry', 'scheme'],
      tokens.map((row) => [row.tokenId, row.tokenStatus, row.maskedCard, row.expiry, row.scheme]),
    );
}
