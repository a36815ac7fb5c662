/** `waffo merchant`: makes merchants, changes what their contract allows, suspends them. Their keys: `waffo merchant-key`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  type AdministrationDeps,
  changeMerchant,
  createMerchant,
  listMerchants,
  type MerchantChange,
  merchantChange,
  newMerchant,
  setMerchantStatus,
  showMerchant,
} from '../merchant/administer.ts';
import { type RenewalOrder, renewalOrders } from '../merchant/merchant.ts';
import { limitsOf, removeLimits, setLimits } from '../merchant/set-limits.ts';
import { administering, changing } from './administering.ts';
import { printLines, printTable } from './print.ts';

export const merchantCommand = (): Command =>
  new Command('merchant')
    .description('make, look at, change and suspend merchants')
    .addCommand(list())
    .addCommand(show())
    .addCommand(create())
    .addCommand(change())
    .addCommand(limit())
    .addCommand(status('suspend', 'SUSPENDED', 'refuse all calls of a merchant with A0006, at once'))
    .addCommand(status('resume', 'ACTIVE', 'let a suspended merchant call again'));

const list = () =>
  new Command('list').description('all merchants').action(() =>
    administering(async (deps) => {
      const rows: Awaited<ReturnType<typeof listMerchants>> = [];
      for (let page = await listMerchants(deps); page.length > 0; ) {
        rows.push(...page);
        page = await listMerchants(deps, { after: page.at(-1)?.merchantId ?? '' });
      }
      printTable(
        ['merchant', 'status', 'PCI', 'name'],
        rows.map((row) => [row.merchantId, row.status, row.pciCertified ? 'yes' : 'no', row.name]),
      );
    }),
  );

const show = () =>
  new Command('show')
    .description('one merchant with its keys, without their secrets')
    .argument('<merchant>')
    .action((merchantId: string) => administering((deps) => printMerchant(deps, merchantId)));

const create = () =>
  withSettings(new Command('create').description('make a merchant and print its keys, once'))
    .requiredOption('--name <name>', 'as shoppers see it')
    .option('--origin <origin...>', 'origins whose pages may submit cards, e.g. https://shop.example', [])
    .action((options: Options & { origin: string[] }) =>
      changing('merchant create', undefined, async (deps) => {
        const made = await createMerchant(deps, newMerchant.parse({ ...wished(options), origins: options.origin }));
        printLines({
          Merchant: made.merchantId,
          'API key': made.apiKey,
          'Client key': made.clientApiKey,
          'Waffo public key': made.waffoPublicKey,
        });
        process.stdout.write(
          `\n  The API key is shown this once. Before it can call, the merchant proves a key pair of its own:\n  waffo merchant-key claim ${made.merchantId} <file with its public key>\n`,
        );
      }),
    );

const change = () =>
  withSettings(new Command('set').description("change what a merchant's contract allows").argument('<merchant>'))
    .option('--name <name>', 'as shoppers see it')
    .action((merchantId: string, options: Options) =>
      changing('merchant set', merchantId, async (deps) => {
        await changeMerchant(deps, merchantId, wished(options));
        await printMerchant(deps, merchantId);
      }),
    );

const limit = () =>
  new Command('limit')
    .description('cover a currency, with a limit for one payment and for a day (UTC); without a currency all are shown')
    .argument('<merchant>')
    .argument('[currency]', 'e.g. HKD; once one is covered, those without a limit command are not')
    .option('--transaction <amount>', 'most of one payment, e.g. 1000.00; none when absent')
    .option('--daily <amount>', 'most of a day; none when absent')
    .option('--remove', 'cover the currency no more')
    .action((merchantId: string, currency: string | undefined, options: LimitOptions) =>
      currency === undefined
        ? administering((deps) => printLimits(deps, merchantId))
        : changing('merchant limit', merchantId, async (deps) => {
            const { transaction = null, daily = null, remove } = options;
            if (remove) await removeLimits(deps, merchantId, currency);
            else await setLimits(deps, merchantId, currency, { transactionLimit: transaction, dailyLimit: daily });
            await printLimits(deps, merchantId);
          }),
    );

async function printLimits(deps: AdministrationDeps, merchantId: string): Promise<void> {
  const rows = await limitsOf(deps, merchantId);
  if (rows.length === 0) process.stdout.write('  every currency, without limits\n');
  else
    printTable(
      ['currency', 'one payment', 'a day'],
      rows.map((row) => [row.currency, row.transactionLimit ?? 'any', row.dailyLimit ?? 'any']),
    );
}

interface LimitOptions {
  readonly transaction?: string;
  readonly daily?: string;
  readonly remove?: true;
}

const status = (name: string, to: 'ACTIVE' | 'SUSPENDED', description: string) =>
  new Command(name)
    .description(description)
    .argument('<merchant>')
    .action((merchantId: string) =>
      changing(`merchant ${name}`, merchantId, async (deps) => {
        await setMerchantStatus(deps, merchantId, to);
        process.stdout.write(`  ${merchantId} is ${to}\n`);
      }),
    );

interface Options {
  readonly name?: string;
  readonly pci?: boolean;
  readonly lenientAck?: boolean;
  readonly enforceTokenOwner?: boolean;
  readonly notifyRemoval?: boolean;
  readonly tokenNotifyUrl?: string;
  readonly refundNotifyUrl?: string;
  readonly renewalAttempts?: number;
  readonly renewalRetryHours?: number;
  readonly renewalOrder?: RenewalOrder;
}

const withSettings = (command: Command): Command =>
  command
    .option('--pci <yes|no>', 'whether it may send bare cards', yesOrNo)
    .option('--lenient-ack <yes|no>', 'take acknowledgements without a signature', yesOrNo)
    .option('--enforce-token-owner <yes|no>', "refuse a token of another user than the order's", yesOrNo)
    .option('--notify-removal <yes|no>', 'notify the removal of a token', yesOrNo)
    .option('--token-notify-url <url>', 'where tokens are notified when generate names no URL; "" for nowhere')
    .option('--refund-notify-url <url>', 'where refunds are notified when order/refund names no URL; "" for nowhere')
    .option('--renewal-attempts <count>', 'how often a renewal is tried in all', wholeNumber)
    .option('--renewal-retry-hours <hours>', 'time between two tries', wholeNumber)
    .addOption(
      new Option('--renewal-order <order>', 'whether the billing day stays, or moves with a late payment').choices(
        renewalOrders,
      ),
    );

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('Say a whole number above zero.');
  return Number(text);
}

function yesOrNo(text: string): boolean {
  if (text !== 'yes' && text !== 'no') throw new InvalidArgumentError('Say yes or no.');
  return text === 'yes';
}

function wished({ name, pci, tokenNotifyUrl, refundNotifyUrl, ...rest }: Options): MerchantChange {
  const url = (text: string | undefined) => (text === '' ? null : text);
  const { lenientAck, enforceTokenOwner, notifyRemoval, renewalAttempts, renewalRetryHours, renewalOrder } = rest;
  const settings = {
    lenientAck,
    enforceTokenOwner,
    notifyRemoval,
    renewalAttempts,
    renewalRetryHours,
    renewalOrder,
    tokenNotifyUrl: url(tokenNotifyUrl),
    refundNotifyUrl: url(refundNotifyUrl),
  };
  return merchantChange.parse({ name, pciCertified: pci, settings });
}

async function printMerchant(deps: AdministrationDeps, merchantId: string): Promise<void> {
  const merchant = await showMerchant(deps, merchantId);
  const { apiKeys, clientKeys, publicKeys, settings } = merchant;
  printLines({
    Merchant: merchant.merchantId,
    Name: merchant.name,
    Status: merchant.status,
    PCI: merchant.pciCertified ? 'yes' : 'no',
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
    'Waffo public key': merchant.waffoPublicKey,
  });
  const ended = (at: Date | undefined) => (at === undefined ? 'active' : `revoked ${at.toISOString()}`);
  process.stdout.write('\n');
  printTable(
    ['key', 'kind', 'state', 'origins'],
    [
      ...apiKeys.map((key) => [key.keyId, 'API key', ended(key.revokedAt), '']),
      ...clientKeys.map((key) => [key.keyId, 'client key', ended(key.revokedAt), key.origins.join(' ')]),
      ...publicKeys.map((key) => [key.keyId, 'public key', key.status.toLowerCase(), '']),
    ],
  );
}
