import { expect, test } from 'vitest';
import { challengeTexts, preferredLocale } from './challenge-text.ts';

test.each([
  ['', 'en'],
  ['en-GB,en;q=0.9', 'en'],
  ['fr, zh-TW;q=0.8, en;q=0.5', 'zh-Hant'],
  ['zh-HK', 'zh-Hant'],
  ['zh-Hant-CN', 'zh-Hant'],
  ['zh-Hans-HK, zh-HK;q=0.9', 'zh-Hans'],
  ['zh', 'zh-Hans'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-Hans'],
  ['en;q=0.1, ja;q=0.2', 'ja'],
  ['ja;q=0, de', 'en'],
  ['ja;q=x', 'en'],
  ['*', 'en'],
])('a browser that asks for %j is spoken to in %s', (acceptLanguage, locale) => {
  expect(preferredLocale(acceptLanguage)).toBe(locale);
});

test('every language says everything, and none says it in English', () => {
  const said = (locale: keyof typeof challengeTexts) => {
    const { ends, timeLimit, wrong, simulated, ...rest } = challengeTexts[locale];
    return [...Object.values(ends), ...Object.values(rest), timeLimit(10), wrong(2), simulated('1234')] as string[];
  };
  const english = new Set(said('en'));
  for (const locale of ['zh-Hans', 'zh-Hant', 'ja'] as const) {
    expect(said(locale)).toHaveLength(english.size);
    expect(said(locale).filter((text) => text.trim() === '' || english.has(text))).toEqual([]);
  }
});
