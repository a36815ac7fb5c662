import { expect, test } from 'vitest';
import { localeOf } from './locale.ts';

test.each([
  ['en', 'en'],
  ['en-GB', 'en'],
  ['ja_JP', 'ja'],
  ['zh', 'zh-Hans'],
  ['zh-CN', 'zh-Hans'],
  ['zh-SG', 'zh-Hans'],
  ['zh-HK', 'zh-Hant'],
  ['zh_TW', 'zh-Hant'],
  ['ZH-MO', 'zh-Hant'],
])('who asks for %s is spoken to in %s', (tag, locale) => {
  expect(localeOf(tag)).toBe(locale);
});

test.each([
  ['zh-Hans-HK', 'zh-Hans'],
  ['zh-hans_tw', 'zh-Hans'],
  ['zh-Hant-CN', 'zh-Hant'],
])('a script stands above a region: %s is %s', (tag, locale) => {
  expect(localeOf(tag)).toBe(locale);
});

test.each(['', '*', 'fr', 'jav', 'enm', 'zho', 'x-zh'])('no other language is taken for one of ours: %j', (tag) => {
  expect(localeOf(tag)).toBeUndefined();
});
