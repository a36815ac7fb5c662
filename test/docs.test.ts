/** What the guides say must be so. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { settings } from '../packages/gateway/src/config.ts';
import { testCards, triggerAmounts } from '../packages/gateway/src/connector/sandbox/triggers.ts';
import { attemptDelaysMs } from '../packages/gateway/src/webhook/retry-schedule.ts';

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

describe('the guides', () => {
  const operating = read('docs/guide/operating.md');
  test.each(settings.filter(({ name }) => name !== 'WAFFO_ENVIRONMENT').map(({ name, fallback }) => [name, fallback]))(
    'name the setting %s and its default',
    (name, fallback) => {
      const line = operating.split('\n').find((text) => text.startsWith(`| \`${name}\``));
      expect(line).toBeDefined();
      if (fallback !== '') expect(line).toContain(`\`${fallback}\``);
    },
  );

  test('name no setting that does not exist', () => {
    const named = [...operating.matchAll(/^\| `(WAFFO_\w+)`/gm)].map(([, name]) => name);
    expect(named.filter((name) => !settings.some((setting) => setting.name === name))).toEqual([]);
  });

  test('promise only cards and amounts that the sandbox knows', () => {
    const quickstart = read('docs/guide/quickstart.md');
    const cards = [...quickstart.matchAll(/^\| `(\d{4}(?: \d{4})+)`/gm)].map(([, pan = '']) => pan.replaceAll(' ', ''));
    expect(cards.length).toBeGreaterThan(3);
    for (const pan of cards) expect(testCards.map((card) => card.pan)).toContain(pan);
    for (const amount of ['91', '92', '90'])
      expect(triggerAmounts.some(({ pattern }) => pattern.test(amount))).toBe(true);
  });

  test('print the delivery schedule that is kept', () => {
    const words = ['30 s', '1 min', '4 min', '30 min', '4 h', '8 h', '8 h'];
    const ms = words.map((text) => {
      const [count, unit] = text.split(' ') as [string, 's' | 'min' | 'h'];
      return Number(count) * { s: 1_000, min: 60_000, h: 3_600_000 }[unit];
    });
    expect(read('docs/guide/webhooks.md')).toContain(`| at once | ${words.join(' | ')} |`);
    expect(attemptDelaysMs.filter((delay) => delay > 0)).toEqual(ms);
  });

  test('link to pages that exist', () => {
    for (const page of [
      'README.md',
      'ARCHITECTURE.md',
      'CONTRIBUTING.md',
      'docs/guide/quickstart.md',
      'docs/guide/operating.md',
    ]) {
      const folder = new URL(`../${page}`, import.meta.url);
      for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        expect(() => readFileSync(new URL(target, folder)), `${page} → ${target}`).not.toThrow(/ENOENT/);
      }
    }
  });
});
