/** Where the embedded server listens: a Unix socket in a folder of its own with a short path, found again after a restart. */
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, rmdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Account, belongsTo, own } from './embedded-account.ts';

/** As the driver takes it: a host that is a path is a socket's folder. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `sun_path` has 107 bytes, and the socket's name takes 20 of them. */
const longest = 80;
const socketPort = 5432;

/**
 * @param dataFolder - absolute
 * @returns the socket's folder, made when absent; on Windows a free port of loopback
 * @throws Error with one sentence when somebody else made the folder
 */
export async function addressFor(dataFolder: string, account: Account): Promise<Address> {
  if (process.platform === 'win32') return { host: '127.0.0.1', port: await freePort() };
  const near = join(dirname(dataFolder), 'run');
  const far = join(tmpdir(), `waffo-${createHash('sha256').update(dataFolder).digest('hex').slice(0, 16)}`);
  const folder = Buffer.byteLength(near) <= longest ? near : far;
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (!(await lstat(folder)).isDirectory() || !(await belongsTo(folder, account))) {
    throw new Error(`${folder} belongs to somebody else; remove it or choose another WAFFO_HOME`);
  }
  await chmod(folder, 0o700);
  await own([folder], account);
  return { host: folder, port: socketPort };
}

/** Removes the folder when the server has left it. */
export async function leaveAddress({ host }: Address): Promise<void> {
  await rmdir(host).catch(() => {});
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
