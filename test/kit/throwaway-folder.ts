/**
 * A temporary folder that is gone when we are, also when we are killed; a PostgreSQL that runs in it is ended first.
 * A shell waits for its standard input to close, which the system does for us however we end.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ThrowawayFolder {
  readonly path: string;
  remove(): Promise<void>;
}

const script = `
  cat > /dev/null
  for file in "$1"/*/postmaster.pid; do
    [ -f "$file" ] && kill -INT "$(head -n 1 "$file")"
    for wait in 1 2 3 4 5 6 7 8 9 10; do [ -f "$file" ] && sleep 0.5; done
  done
  rm -rf "$1"
`;

/** @param prefix - of its name, e.g. `waffo-postgres-` */
export async function throwawayFolder(prefix: string): Promise<ThrowawayFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  const shell = spawn('/bin/sh', ['-c', script, 'sh', path], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const gone = once(shell, 'exit');
  shell.unref();
  (shell.stdin as { unref?: () => void }).unref?.();
  return {
    path,
    async remove() {
      shell.ref();
      shell.stdin.end();
      await gone;
    },
  };
}
