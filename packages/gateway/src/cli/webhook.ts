/** `waffo webhook`: notifications as the operator looks at them, sends them again, and tries a merchant's endpoint. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { realClock } from '../clock.ts';
import { configFrom } from '../config.ts';
import { type Ground, withGround } from '../ground.ts';
import { countOf, type EventFilter, listEvents, showEvent } from '../webhook/list.ts';
import { tryEndpoint } from '../webhook/operate.ts';
import { resend, resendAll } from '../webhook/resend.ts';
import { administering } from './administering.ts';
import { startProgress } from './progress.ts';
import { detailsText, listText, reportText } from './webhook-text.ts';

export const webhookCommand = (): Command =>
  new Command('webhook')
    .description('look at notifications, send them again, try an endpoint')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(resendCommand())
    .addCommand(testCommand());

interface Choice {
  readonly merchant?: string;
  readonly status?: 'PENDING' | 'DELIVERED' | 'EXHAUSTED';
  readonly failed?: true;
  readonly type?: string;
  readonly object?: string;
  readonly from?: Date;
  readonly to?: Date;
}

const choosing = (command: Command): Command =>
  command
    .option('-m, --merchant <id>', "one merchant's")
    .addOption(new Option('-s, --status <status>').choices(['PENDING', 'DELIVERED', 'EXHAUSTED']))
    .option('-f, --failed', 'those of which an attempt failed and that were not delivered since')
    .option('-t, --type <eventType>', 'e.g. PAYMENT_NOTIFICATION')
    .option('-o, --object <id>', 'those that tell of one token request, order, …')
    .option('--from <time>', 'written at this time or later: 2026-11-23T12:00:00Z, or 90m, 20h, 3d ago', moment)
    .option('--to <time>', 'written before this time', moment);

const listCommand = (): Command =>
  choosing(new Command('list').description('the newest notifications, and how each stands'))
    .option('-n, --limit <count>', 'at most so many', whole, 20)
    .option('--before <event>', 'go on where a list ended', eventId)
    .option('--json', 'one JSON object a line')
    .action(list);

const showCommand = (): Command =>
  new Command('show')
    .description('one notification: what was sent, and every attempt with its answer')
    .argument('<event>', 'its webhook-id', eventId)
    .option('--json', 'as one JSON object')
    .action(show);

const resendCommand = (): Command =>
  choosing(
    new Command('resend')
      .description('send notifications again: the same bytes under the same id, now and then on the usual schedule')
      .argument('[events...]', 'their webhook-ids; or choose by the options', (id, ids: string[] = []) => [
        ...ids,
        eventId(id),
      ]),
  )
    .option('--dry-run', 'only say how many there are')
    .addHelpText('after', resendExamples)
    .action(send);

const resendExamples = `
Examples:
  waffo webhook resend 01983f6e-7c1a-7d30-9a55-0a8f6f1f3c11
  waffo webhook resend --merchant M_SHOP --failed --from 20h
  waffo webhook resend --merchant M_SHOP --from 2026-11-23T08:00:00Z --to 2026-11-23T09:30:00Z`;

const testCommand = (): Command =>
  new Command('test')
    .description("send a signed test notification to a merchant's endpoint, and say what is wrong with its answers")
    .argument('<merchant>', 'the merchant id')
    .argument('[url]', "where to; the merchant's own address for tokens when absent")
    .addHelpText(
      'after',
      '\nIt tells of a binding that failed, under an id that nobody has given. It exits with 1 when something is wrong.',
    )
    .action(tryMerchantsEndpoint);

async function list(options: Choice & { limit: number; before?: string; json?: true }): Promise<void> {
  const { limit, before, json } = options;
  await withGround(configFrom(), async (ground) => {
    const page = await listEvents(ground, filterFrom(options), { limit, ...(before && { before }) });
    if (json) for (const event of page.events) print(`${JSON.stringify(event)}\n`);
    else print(page.events.length === 0 ? 'there is none\n' : listText(page.events));
    if (page.next && !json) print(`more with --before ${page.next}\n`);
  });
}

async function show(event: string, { json }: { json?: true }): Promise<void> {
  await withGround(configFrom(), async (ground) => {
    const details = await showEvent(ground, event);
    if (details === undefined) throw new Error(`there is no notification ${event}; those that ended are kept 30 days`);
    print(json ? `${JSON.stringify(details)}\n` : detailsText(details));
  });
}

async function send(events: readonly string[] = [], options: Choice & { dryRun?: true }): Promise<void> {
  const filter = filterFrom(options);
  const isChosen = Object.keys(filter).length > 0;
  if (events.length > 0 === isChosen) throw new Error('name the events, or choose them by options: one of the two');
  await withGround(configFrom(), async (ground) => {
    if (isChosen) await sendChosen(ground, filter, options.dryRun ?? false);
    else await sendNamed(ground, events, options.dryRun ?? false);
  });
}

async function sendNamed(ground: Ground, events: readonly string[], dryRun: boolean): Promise<void> {
  for (const eventId of events) {
    const known = await showEvent(ground, eventId);
    const result = known === undefined ? 'unknown' : dryRun ? 'would be resent' : await resend(ground, known);
    print(`${eventId}  ${result}\n`);
    if (result === 'unknown') process.exitCode = 1;
  }
}

async function sendChosen(ground: Ground, filter: EventFilter, dryRun: boolean): Promise<void> {
  const total = await countOf(ground, filter);
  if (dryRun || total === 0) return print(`${total} ${total === 1 ? 'notification' : 'notifications'}\n`);
  const progress = startProgress({ noun: 'notifications', total });
  const { resent, underWay } = await resendAll(ground, filter, (done) => progress.update(done));
  progress.end();
  const besides = underWay === 0 ? '' : `; ${underWay} more were being sent anyway`;
  print(`${resent} will be sent again${besides}\n`);
}

const tryMerchantsEndpoint = (merchantId: string, url: string | undefined): Promise<void> =>
  administering(async (deps) => {
    const report = await tryEndpoint(deps, merchantId, url);
    print(reportText(report));
    if (!report.ok) process.exitCode = 1;
  });

function filterFrom({ merchant, status, failed, type, object, from, to }: Choice): EventFilter {
  return {
    ...(merchant !== undefined && { merchantId: merchant }),
    ...(status !== undefined && { status }),
    ...(failed && { failed }),
    ...(type !== undefined && { eventType: type }),
    ...(object !== undefined && { objectId: object }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

const print = (text: string): void => void process.stdout.write(text);

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function moment(text: string): Date {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined)
    return new Date(realClock.now().getTime() - Number(count) * units[unit as keyof typeof units]);
  const parsed = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? new Date(text)
    : undefined;
  if (parsed === undefined || Number.isNaN(parsed.getTime())) {
    throw new InvalidArgumentError('give a time with its zone, such as 2026-11-23T12:00:00Z, or an age: 90m, 20h, 3d.');
  }
  return parsed;
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('give a whole number from 1 to 9999.');
  return Number(text);
}

function eventId(text: string): string {
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) {
    throw new InvalidArgumentError('give a webhook-id, such as 01983f6e-7c1a-7d30-9a55-0a8f6f1f3c11.');
  }
  return text;
}
