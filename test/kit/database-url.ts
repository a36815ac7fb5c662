/** @returns the connection string of another database on the same server, e.g. `otherDatabase('postgres://h/a', 'b')` is `postgres://h/b` */
export function otherDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

/** What the names of the databases of test files begin with. */
export const testName = (template: string): string => template.replace('template', 'test');
