/** What stores are given: a database or a transaction, and named statements. Which PostgreSQL it is, nobody else knows. */

/** A named SQL statement; the name is its prepared-statement name, `<table or module>/<verb>`. */
export interface Statement<Row> {
  readonly name: string;
  readonly text: string;
  /** How long we wait for its answer; 20 s when absent. */
  readonly answerTimeoutMs?: number;
  /** Whether it changes and locks nothing, and may be asked again. */
  readonly onlyReads?: boolean;
  /** Only for the type checker: the shape of a row. */
  readonly row?: Row;
}

const reading = /^\s*select\b(?!.*\bfor\s+(?:update|no\s+key\s+update|share|key\s+share)\b)/is;

/**
 * Declares a statement.
 *
 * @param name - unique in the whole gateway, e.g. `token/find`
 * @param text - SQL with `$1` parameters, columns listed
 */
export function statement<Row>(name: string, text: string): Statement<Row> {
  return { name, text, onlyReads: reading.test(text) };
}

/** Runs statements: the database (each on its own) or a transaction (all together). */
export interface Sql {
  /** The rows that a statement answers. `timestamptz` arrives as `Date`, `bytea` as `Buffer`, `bigint` as `bigint`, `jsonb` parsed. */
  rows<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]>;
}

/** Inside a transaction; every statement that must be atomic takes one of these first. */
export interface Tx extends Sql {
  readonly inTransaction: true;
  /**
   * Takes a step whose answer nobody needs before the commit: what it asks and the commit go out in one write. When it fails,
   * nothing is committed.
   *
   * @param step - must have asked all that it will ask: what comes after the commit is refused
   * @example tx.last(notify(tx, { now }, told));
   */
  last(step: Promise<unknown>): void;
}

export interface Database extends Sql {
  /**
   * Runs `work` in one transaction; commits when it resolves, rolls back when it throws.
   * Never call the outside world in it.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * A transaction of which everything is asked in one turn of the event loop, and so before anything is answered: it crosses
   * the socket once. It is committed when every statement was done, and otherwise nothing is.
   *
   * @param work - asks before it first waits; what comes later is refused. It must not fail by itself once it has asked: what it
   *   asked is committed all the same
   * @throws what the first statement was refused for
   * @example await database.atOnce(async (tx) => Promise.all([insertOrders(tx, orders), insertAttempts(tx, attempts)]));
   */
  atOnce<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * This database as one merchant may see it: whatever a statement asks for, PostgreSQL shows and takes no other
   * merchant's rows (`walls.ts`). The second wall: statements name the merchant as well.
   */
  ofMerchant(merchantId: string): Database;
  /** Says what this database is, for the banner and the health answer, e.g. `PostgreSQL 18.4 (embedded)`. */
  readonly description: string;
  /** Connection string for tools and tests. */
  readonly url: string;
  close(): Promise<void>;
}
