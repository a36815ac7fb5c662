/** A setting that is written almost right would be left out in silence: a limit that is off, a folder that is another. */
import { type SettingName, settings } from './settings.ts';

/** More than a slip, and it is likely another program's: merchants' SDKs and platforms use the prefix, too. */
const mostSlips = 2;

/**
 * @param environment - variables by name
 * @returns the first variable that nobody reads and that is nearly a setting, with what was likely meant
 * @example misspeltIn({ WAFFO_DATABSE_URL: 'postgres://…' }) // { given: 'WAFFO_DATABSE_URL', meant: 'WAFFO_DATABASE_URL' }
 */
export function misspeltIn(
  environment: Readonly<Record<string, string | undefined>>,
): { readonly given: string; readonly meant: SettingName } | undefined {
  for (const given of Object.keys(environment)) {
    if (!/^_?waffo/i.test(given) || settings.some(({ name }) => name === given)) continue;
    const [nearest] = settings
      .map(({ name }) => ({ name, slips: slipsBetween(given.toUpperCase(), name) }))
      .sort((one, other) => one.slips - other.slips);
    if (nearest !== undefined && nearest.slips <= mostSlips) return { given, meant: nearest.name };
  }
  return undefined;
}

/** Characters that are one too many, missing or others (Levenshtein). */
function slipsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, wanted] of [...other].entries()) {
      const [above = 0, before = 0, left = 0] = [row[j + 1], row[j], next[j]];
      next.push(Math.min(above + 1, left + 1, before + (letter === wanted ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
