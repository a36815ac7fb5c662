/**
 * What a connection is asked in one turn of the event loop, as one message of PostgreSQL's extended protocol. The server answers
 * at each Sync, and that costs a write, a wake-up and a read; so what belongs to one transaction shares one. A statement is
 * described when a connection first meets it and not again. When one is refused, the server runs none that comes after it.
 */
import type { EventEmitter } from 'node:events';
import pg from 'pg';
import { isConnectionFailure } from './failures.ts';
import type { Parameter } from './parameter.ts';

/** What the server said to one statement. */
export interface Answer {
  readonly rows: unknown[];
  /** E.g. `COMMIT`, or `ROLLBACK` when it would not. */
  readonly command: string;
}

/** One statement and who waits for its answer. */
export interface Asked {
  /** Of a prepared statement; empty: used once. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly Parameter[];
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

interface Column {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

/** A statement as a connection knows it. */
interface Prepared {
  readonly text: string;
  /** Absent until the server has described them. */
  columns?: readonly Column[];
  /** The server may have refused it before it kept it, or not. */
  isDoubtful?: boolean;
}

/** The part of the driver's connection that is used here. */
interface Connection {
  readonly stream: { cork(): void; uncork(): void };
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: readonly Parameter[] }): void;
  describe(message: { type: 'P'; name: '' }): void;
  execute(message: { portal: '' }): void;
  close(message: { type: 'S'; name: string }): void;
  sync(): void;
}

const prepared = new WeakMap<object, Map<string, Prepared>>();

// The driver pipelines nothing but its own class, because others keep portals open. This one does not.
const Query = pg.Query as unknown as new (text: string) => EventEmitter;

export class Turn extends Query {
  readonly #asked: readonly Asked[];
  readonly #parserOf: (oid: number) => Column['parse'];
  readonly #isWhole: boolean;
  readonly #used: Prepared[] = [];
  readonly #answers: Answer[] = [];
  #rows: unknown[] = [];

  /**
   * @param asked - one statement, or several
   * @param parserOf - reads a value of a type, as text
   * @param isWhole - nothing else belongs to their transaction: the server commits at the end, and until then nothing is done
   */
  constructor(asked: readonly Asked[], parserOf: (oid: number) => (text: string) => unknown, isWhole: boolean) {
    super('');
    this.#asked = asked;
    this.#parserOf = parserOf;
    this.#isWhole = isWhole;
  }

  /** @returns what is wrong with what was asked, and then nothing was sent */
  submit(connection: Connection): Error | null {
    const known = prepared.get(connection) ?? new Map<string, Prepared>();
    prepared.set(connection, known);
    const reused = this.#asked.find(({ name, text }) => name !== '' && (known.get(name)?.text ?? text) !== text);
    if (reused !== undefined) return new Error(`two statements have the name ${reused.name}`);
    connection.stream.cork();
    try {
      for (const one of this.#asked) this.#used.push(send(connection, known, one));
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
    return null;
  }

  handleRowDescription({ fields }: { readonly fields: readonly { name: string; dataTypeID: number }[] }): void {
    const statement = this.#used[this.#answers.length];
    if (statement === undefined) return;
    statement.columns = fields.map(({ name, dataTypeID }) => ({ name, parse: this.#parserOf(dataTypeID) }));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    const columns = this.#used[this.#answers.length]?.columns ?? [];
    for (let at = 0; at < columns.length; at++) {
      const { name, parse } = columns[at] as Column;
      const text = fields[at] ?? null;
      row[name] = text === null ? null : parse(text);
    }
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const statement = this.#used[this.#answers.length];
    if (statement !== undefined) {
      statement.columns ??= [];
      statement.isDoubtful = false;
    }
    this.#answers.push({ rows: this.#rows, command: text.split(' ', 1)[0] as string });
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  /** Nobody is answered before the server has come to the end: only then a statement of its own is committed. */
  handleReadyForQuery(): void {
    for (const [at, { resolve }] of this.#asked.entries()) resolve(this.#answers[at] as Answer);
  }

  /** Those before the refused one were run, in a transaction that can only be rolled back now, or that was already. */
  handleError(error: Error): void {
    for (const statement of this.#used.slice(this.#answers.length)) {
      if (statement.columns === undefined) statement.isDoubtful = true;
    }
    // When all were run, it is the commit that was refused.
    const refused = Math.min(this.#answers.length, this.#asked.length - 1);
    for (const [at, { resolve, reject }] of this.#asked.entries()) {
      const answer = this.#answers[at];
      if (answer !== undefined && !this.#isWhole) resolve(answer);
      else reject(at === refused || !(error instanceof pg.DatabaseError) ? error : new NotRun(error));
    }
  }
}

function send(connection: Connection, known: Map<string, Prepared>, { name, text, values }: Asked): Prepared {
  const kept = known.get(name);
  const statement = kept === undefined || kept.isDoubtful === true ? { text } : kept;
  if (statement !== kept) {
    if (kept !== undefined) connection.close({ type: 'S', name });
    connection.parse({ name, text });
    if (name !== '') known.set(name, statement);
  }
  connection.bind({ statement: name, values });
  if (statement.columns === undefined) connection.describe({ type: 'P', name: '' });
  connection.execute({ portal: '' });
  return statement;
}

/** A statement that the server never came to. */
export class NotRun extends Error {
  override readonly name = 'NotRun';
  /** Of a server that goes away, its own; otherwise what it would say itself: in_failed_sql_transaction. */
  readonly code: string;

  constructor(cause: Error) {
    super('not run, for a statement before it was refused', { cause });
    const { code } = cause as { code?: string };
    this.code = code !== undefined && isConnectionFailure(cause) ? code : '25P02';
  }
}
