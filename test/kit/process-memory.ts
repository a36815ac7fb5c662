/**
 * The memory of a running process, as a core dump would hold it and more: every page that is present, also those that a
 * core leaves out. Linux only; elsewhere it says so loudly. It needs no debugger: the kernel lets a parent (and root) read.
 */
import { open, readdir, readFile } from 'node:fs/promises';

const pageBytes = 4096;
const pieceBytes = 1 << 22;
/** Of an entry of `/proc/<pid>/pagemap`, the top byte's bits: in memory, or swapped out. */
const presentBits = 0xc0;

/**
 * Halts the process, reads it page by page, and lets it run again.
 *
 * @param pid - of a descendant of this process, or of any when we are root
 * @returns pieces in the order of their addresses; neighbours in memory need not be neighbours here
 * @throws Error where there is no `/proc`, or the process may not be read: a scan that did not run must not pass
 */
export async function* memoryOf(pid: number): AsyncGenerator<Buffer> {
  if (process.platform !== 'linux') throw new Error('the memory of a process can be read on Linux only');
  process.kill(pid, 'SIGSTOP');
  try {
    const maps = await readFile(`/proc/${pid}/maps`, 'latin1');
    const memory = await open(`/proc/${pid}/mem`);
    const pagemap = await open(`/proc/${pid}/pagemap`);
    try {
      for (const [from, to] of regionsOf(maps)) {
        for await (const [start, end] of presentRuns(pagemap, from, to)) yield* read(memory, start, end);
      }
    } finally {
      await memory.close();
      await pagemap.close();
    }
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** The process and all that descend from it. */
export async function familyOf(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'latin1')));
  const children = texts.join(' ').split(/\s+/).filter(Boolean).map(Number);
  return [pid, ...(await Promise.all(children.map(familyOf))).flat()];
}

type Handle = Awaited<ReturnType<typeof open>>;

/** All that the process may read; what the kernel alone provides is left out, for it cannot be read. */
function regionsOf(maps: string): [from: number, to: number][] {
  return maps.split('\n').flatMap((line) => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (.)/.exec(line);
    if (match === null || match[3] !== 'r' || /\[v(?:var|syscall|var_vclock)\]/.test(line)) return [];
    return [[Number.parseInt(match[1] ?? '', 16), Number.parseInt(match[2] ?? '', 16)]];
  });
}

/** Neighbouring pages that were ever touched: a process reserves far more than it uses. */
async function* presentRuns(pagemap: Handle, from: number, to: number): AsyncGenerator<[number, number]> {
  let start: number | undefined;
  for (let at = from; at < to; ) {
    const pages = Math.min((to - at) / pageBytes, 1 << 16);
    const { buffer, bytesRead } = await pagemap.read(Buffer.alloc(pages * 8), 0, pages * 8, (at / pageBytes) * 8);
    if (bytesRead !== pages * 8) throw new Error('the pages of the process cannot be told');
    for (let page = 0; page < pages; page++, at += pageBytes) {
      const isPresent = ((buffer[page * 8 + 7] as number) & presentBits) !== 0;
      if (isPresent) start ??= at;
      if (!isPresent && start !== undefined) {
        yield [start, at];
        start = undefined;
      }
    }
  }
  if (start !== undefined) yield [start, to];
}

async function* read(memory: Handle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; ) {
    const length = Math.min(end - at, pieceBytes);
    const { bytesRead, buffer } = await memory.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) throw new Error('a page of the process cannot be read');
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
