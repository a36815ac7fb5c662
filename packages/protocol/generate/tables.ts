/** The reference tables, in Markdown. */
import { type FaultName, faults } from '../src/codes.ts';
import { notifications } from '../src/notifications.ts';
import { apiPrefix, doorFaults, type Operation } from '../src/operation.ts';
import { operations } from '../src/operations/all.ts';
import {
  orderStatuses,
  refundStatuses,
  type StatusRow,
  subscriptionChangeStatuses,
  subscriptionStatuses,
  tokenStatuses,
} from '../src/statuses.ts';

const begins = '<!-- Made by `npm run generate`. Do not edit. -->\n\n';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const advice = {
  never: 'change the request first',
  'same-request': 'send the same request again',
  'inquire-first': 'inquire, or wait for the notification where one follows',
};

export function codesTable(): string {
  const rows = Object.entries(faults).map(([name, fault]) => [
    `\`${fault.code}\``,
    String(fault.http),
    fault.msg,
    advice[fault.retry],
    fault.reader,
    `\`${name}\``,
  ]);
  const head = ['code', 'HTTP', 'meaning', 'what to do', 'who', 'name'];
  return `${begins}# Codes\n\nEvery answer carries \`code\`. \`0\` is success, with HTTP 200. All others:\n\n${table(head, rows)}\n`;
}

export function statusesTable(): string {
  const section = (title: string, list: Record<string, StatusRow>) =>
    `## ${title}\n\n${table(
      ['status', 'meaning', 'whose move', 'final'],
      Object.entries(list).map(([name, row]) => [`\`${name}\``, row.meaning, row.move, row.final ? 'yes' : 'no']),
    )}\n`;
  return `${begins}# Statuses\n\n${section('tokenStatus', tokenStatuses)}\n${section('orderStatus', orderStatuses)}\n${section('refundStatus', refundStatuses)}\n${section('subscriptionStatus', subscriptionStatuses)}\n${section('subscriptionChangeStatus', subscriptionChangeStatuses)}`;
}

export function operationsTable(): string {
  const sections = operations.map((operation: Operation) => {
    const names = [...new Set<FaultName>([...operation.faults, ...doorFaults[operation.door]])];
    const rows = names.map((name) => [`\`${faults[name].code}\``, `\`${name}\``, faults[name].msg]);
    const caller =
      operation.door === 'merchant'
        ? "the merchant's backend, signed"
        : "the shopper's browser, with the client API key";
    const key = operation.idempotencyKey === undefined ? '' : `\n\nIdempotency key: \`${operation.idempotencyKey}\`.`;
    return `## POST ${apiPrefix}${operation.path}\n\n${operation.summary}. ${operation.description}\n\nCalled by ${caller}.${key}\n\n${table(['code', 'fault', 'meaning'], rows)}\n`;
  });
  return `${begins}# Operations\n\nFields and formats are in [openapi.json](openapi.json).\n\n${sections.join('\n')}`;
}

export function notificationsTable(): string {
  const rows = notifications.map((notification) => [
    `\`${notification.shape.eventType.value}\``,
    Object.keys(notification.shape.result.shape)
      .map((name) => `\`${name}\``)
      .join(' '),
  ]);
  return `${begins}# Notifications\n\nThe body is \`{"eventType": …, "result": {…}}\`. Members of \`result\`:\n\n${table(['eventType', 'result'], rows)}\n`;
}
