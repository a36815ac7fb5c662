/** The sources of the repository as text, for tests that judge the sources themselves. It never runs what it reads. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** One source file. */
export interface Source {
  /** From the root of the repository, with `/`, e.g. `packages/gateway/src/app.ts`. */
  readonly path: string;
  readonly text: string;
}

/** One import or re-export. */
export interface Import {
  /** A path like `Source.path` when the import is relative, otherwise the name of the package or module. */
  readonly target: string;
  /** True for `import type`: it is gone when the program runs. */
  readonly typeOnly: boolean;
}

const root = new URL('../../', import.meta.url).pathname;
const notOurs = /(^|\/)(node_modules|dist|generated)\//;

/** @returns every TypeScript source that people write, in these folders */
export function readSources(folders: readonly string[] = ['packages', 'apps', 'test']): Source[] {
  return folders
    .flatMap((folder) =>
      readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((name) => posix.join(folder, name)),
    )
    .filter((path) => path.endsWith('.ts') && !notOurs.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(`${root}${path}`, 'utf8') }));
}

/** @returns the file without its comments; what is left of a line keeps its place */
export function codeOf(source: Source): string {
  return source.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

/** @returns what a file imports, statically or with `import()` */
export function importsOf(source: Source): Import[] {
  const code = codeOf(source);
  const fixed = code.matchAll(/^(?:import|export)\s+(type\s+)?(?:[\w*{][^;'"]*?\sfrom\s+)?'([^']+)'/gm);
  const dynamic = code.matchAll(/\bimport\('([^']+)'\)/g);
  return [
    ...[...fixed].map(([, type, name = '']) => ({ target: resolve(source.path, name), typeOnly: type !== undefined })),
    ...[...dynamic].map(([, name = '']) => ({ target: resolve(source.path, name), typeOnly: false })),
  ];
}

/** `@waffo/protocol/card` is a file of ours too, so that rules about files hold across packages. */
function resolve(from: string, name: string): string {
  if (name.startsWith('.')) return posix.join(posix.dirname(from), name);
  const ours = /^@waffo\/(protocol|gateway)\/(.+)$/.exec(name);
  return ours === null ? name : `packages/${ours[1]}/src/${ours[2]}.ts`;
}
