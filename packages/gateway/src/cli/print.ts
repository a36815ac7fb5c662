/** Results on standard output, in columns. */

/** Labels and values, one a line. */
export function printLines(values: Readonly<Record<string, string>>): void {
  const width = Math.max(...Object.keys(values).map((label) => label.length));
  for (const [label, value] of Object.entries(values)) process.stdout.write(`  ${label.padEnd(width)}  ${value}\n`);
}

/** A heading and rows. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heading.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)));
  for (const row of [heading, ...rows]) {
    const line = widths.map((width, column) => (row[column] ?? '').padEnd(width)).join('  ');
    process.stdout.write(`  ${line.trimEnd()}\n`);
  }
}
