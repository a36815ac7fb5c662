/** The webhooks that the shop received, the last 200 of them, for the page to follow live. In memory: it is a demo. */

interface WebhookEntry {
  /** Counts from 1; what a page has seen already it need not be sent again. */
  readonly number: number;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
  /** Whether the signature was the gateway's. What is not verified is shown, and nothing is done about it. */
  readonly verified: boolean;
  readonly eventType: string;
  /** Why the delivery was refused, or nothing. */
  readonly problem?: string;
  /** The body as JSON, if it was any. */
  readonly body: unknown;
}

export interface WebhookLog {
  add(entry: Omit<WebhookEntry, 'number'>): void;
  /** How many ever came. */
  count(): number;
  /** Those that are kept and came after the given number, oldest first. */
  since(number: number): readonly WebhookEntry[];
  /** @returns ends the subscription */
  subscribe(listener: (entry: WebhookEntry) => void): () => void;
}

const keptEntries = 200;

export function createWebhookLog(): WebhookLog {
  const entries: WebhookEntry[] = [];
  const listeners = new Set<(entry: WebhookEntry) => void>();
  let count = 0;
  return {
    add(fields) {
      const entry = { ...fields, number: ++count };
      entries.push(entry);
      if (entries.length > keptEntries) entries.shift();
      for (const listener of listeners) listener(entry);
    },
    count: () => count,
    since: (number) => entries.filter((entry) => entry.number > number),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
