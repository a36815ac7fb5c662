/**
 * Tells a database that is slow from one that nothing is heard of: a network may swallow packets and close no connection.
 * When somebody has waited for half a second we ask the server whether it is there, on a connection of its own. If it says so,
 * they wait on; if nothing at all is heard for another second, every connection is given up, used or idle, and callers are
 * told at once until the server is heard again. It must never take a slow statement for a silent network: to open all
 * connections anew is the last thing that a busy server needs.
 */
import { connect, type NetConnectOpts } from 'node:net';

/** Time passes in ticks of our own timer: a process that was itself held up for a while does not blame the database. */
const tickMs = 100;
const ticksOf = (ms: number): number => Math.ceil(ms / tickMs);
/** So long an answer may take before anybody asks whether the server is there. */
const doubtfulTicks = ticksOf(500);
/** So long it may take to say that it is. Together with the doubt, and the signature of the answer, within two seconds. */
const helloTicks = ticksOf(1_000);

/** PostgreSQL's SSLRequest: any server from 7.3 on answers it with one byte, before it asks who we are. */
const hello = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
/** Whatever says no is there. */
const refusals = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT']);

/** One connection, or somebody who waits for one. */
export interface Line {
  /** An answer is due, within this time. */
  asked(withinMs: number): void;
  /** It has come. */
  answered(): void;
  /** Nothing is due any more; true when it had not been given up before. */
  close(): boolean;
}

export interface Silence {
  /** Whether nothing was heard when we last asked. */
  isSilent(): boolean;
  /**
   * @param giveUp - called once: the server is silent, or an answer did not come within its own time
   */
  open(giveUp: () => void): Line;
  /** Asks nothing more. */
  stop(): void;
}

interface OpenLine extends Line {
  tick(): 'calm' | 'waits' | 'doubts';
  giveUp(): void;
}

/** @param server - where the database listens: host and port, or the path of a Unix socket */
export function listenForSilence(server: NetConnectOpts): Silence {
  const lines = new Set<OpenLine>();
  let isSilent = false;
  let heard = 0;
  let question: { tick(): void; drop(): void } | undefined;
  let calmTicks = 0;
  let timer: NodeJS.Timeout | undefined;

  function ask(): void {
    const heardBefore = heard;
    question = sayHello(server, (isThere) => {
      question = undefined;
      calmTicks = doubtfulTicks;
      // An answer on any connection meanwhile is as good.
      isSilent = !isThere && heard === heardBefore;
      if (isSilent) for (const line of lines) line.giveUp();
    });
  }

  function tick(): void {
    let waits = isSilent;
    let doubts = isSilent;
    for (const line of lines) {
      const state = line.tick();
      waits ||= state !== 'calm';
      doubts ||= state === 'doubts';
    }
    calmTicks -= 1;
    if (question !== undefined) question.tick();
    else if (doubts && (isSilent || calmTicks <= 0)) ask();
    else if (!waits) timer = void clearInterval(timer);
  }

  const open: Silence['open'] = (giveUp) => {
    let due = 0;
    let ticks = 0;
    let limit = 0;
    const line: OpenLine = {
      asked(withinMs) {
        if (due === 0) limit = ticks = 0;
        due += 1;
        limit = Math.max(limit, ticks + ticksOf(withinMs));
        timer ??= setInterval(tick, tickMs).unref();
      },
      answered() {
        // What ends because it was given up is no answer.
        if (!lines.has(line)) return;
        due -= 1;
        ticks = 0;
        heard += 1;
      },
      tick() {
        if (due === 0) return 'calm';
        ticks += 1;
        if (ticks >= limit) line.giveUp();
        return ticks >= doubtfulTicks ? 'doubts' : 'waits';
      },
      giveUp: () => void (line.close() && giveUp()),
      close: () => lines.delete(line),
    };
    lines.add(line);
    return line;
  };

  return {
    isSilent: () => isSilent,
    open,
    stop() {
      timer = void clearInterval(timer);
      question?.drop();
    },
  };
}

/** Calls back once: true when anything came, false when nothing did in time. */
function sayHello(server: NetConnectOpts, then: (isThere: boolean) => void): { tick(): void; drop(): void } {
  const socket = connect(server).unref();
  let ticks = 0;
  let isOver = false;
  const end = (isThere: boolean) => {
    socket.destroy();
    if (!isOver) then(isThere);
    isOver = true;
  };
  socket.on('connect', () => socket.write(hello));
  socket.on('data', () => end(true));
  socket.on('error', ({ code }: NodeJS.ErrnoException) => end(refusals.has(code ?? '')));
  socket.on('close', () => end(true));
  return {
    tick() {
      ticks += 1;
      if (ticks >= helloTicks) end(false);
    },
    drop() {
      isOver = true;
      socket.destroy();
    },
  };
}
