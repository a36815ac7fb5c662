/** How figures are written on a page. */

export const number = (value: number | undefined, digits = 0): string =>
  value === undefined || Number.isNaN(value)
    ? '–'
    : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** A row's cells by the titles of their columns. */
export type TableRow = Readonly<Record<string, string>>;

/** @returns a table whose first column is text, and whose others are figures */
export function table(rows: readonly TableRow[]): string {
  const titles = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const sides = titles.map((_title, at) => (at === 0 ? '---' : '---:'));
  return [titles, sides, ...rows.map((row) => titles.map((title) => row[title] ?? ''))].map(line).join('\n');
}
