/** The languages that shoppers are spoken to in, by the browser SDK and by hosted pages alike. */

/** One of them, as a BCP 47 tag. */
export type Locale = 'en' | 'zh-Hans' | 'zh-Hant' | 'ja';

/** Where Chinese is written in traditional characters, unless a tag names the script. */
const traditional: readonly string[] = ['hant', 'tw', 'hk', 'mo'];

/**
 * The language that a tag asks for. A script stands above a region: `zh-Hans-HK` is simplified.
 *
 * @param tag - BCP 47, e.g. `zh-HK`; `_` for `-` and any case are taken too
 * @returns undefined for a language that shoppers are not spoken to in
 * @example localeOf('zh-TW') // 'zh-Hant'
 */
export function localeOf(tag: string): Locale | undefined {
  const [language, ...rest] = tag.toLowerCase().split(/[-_]/);
  if (language === 'en' || language === 'ja') return language;
  if (language !== 'zh') return undefined;
  return !rest.includes('hans') && rest.some((part) => traditional.includes(part)) ? 'zh-Hant' : 'zh-Hans';
}
