/** What processes cost, from the system's process table. Linux only; elsewhere it knows nothing and says so. */
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;

interface Row {
  readonly parent: number;
  readonly cpuMs: number;
}

function rowOf(pid: number): Row | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
    return { parent: Number(fields[1]), cpuMs: (ticks * 1_000) / ticksPerSecond };
  } catch {
    return undefined;
  }
}

/** @returns processor time that a process and its children took so far, in ms; undefined where there is no process table */
export function cpuMsOf(pid: number): number | undefined {
  const own = rowOf(pid);
  if (own === undefined) return undefined;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => rowOf(Number(name)))
    .filter((row) => row?.parent === pid);
  return children.reduce((total, row) => total + (row?.cpuMs ?? 0), own.cpuMs);
}

/** @returns the most memory that the process had in RAM so far, in MB */
export function peakMemoryMb(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024;
  } catch {
    return undefined;
  }
}
