/**
 * Statements that belong to no transaction. Those of one turn of the event loop go over one connection in one write, for a write
 * and the wake-up of a server cost more than most of what is asked; those that only read are answered in one, too. Each has its
 * own answer, and its own refusal.
 */
import type { Sql, Statement } from './database.ts';
import { DatabaseUnavailable } from './failures.ts';

/** More would rather be done side by side. */
const overOneConnection = 8;

interface Asked {
  readonly statement: Statement<unknown>;
  readonly values: readonly unknown[] | undefined;
  resolve(rows: never[]): void;
  reject(error: unknown): void;
}

/** A connection, for statements that stand alone or together. */
interface Lent {
  readonly alone: Sql;
  /** Those of one turn are a transaction. */
  readonly whole: Sql;
}

/**
 * @param lend - lends a connection; what it throws, all who asked over this connection are told who have no answer of their own
 * @returns runs a statement
 */
export function loneStatements(lend: (use: (lent: Lent) => Promise<void>) => Promise<void>): Sql['rows'] {
  const waiting: Asked[] = [];
  let coming = 0;

  async function run(): Promise<void> {
    let asked: Asked[] | undefined;
    let answers: PromiseSettledResult<unknown[]>[] = [];
    const take = (): Asked[] => {
      coming--;
      asked = waiting.splice(0, overOneConnection);
      return asked;
    };
    try {
      await lend(async (lent) => {
        answers = await answersTo(take(), lent);
        const broken = answers.find((one) => one.status === 'rejected' && one.reason instanceof DatabaseUnavailable);
        if (broken?.status === 'rejected') throw broken.reason;
      });
      for (const [at, { resolve, reject }] of (asked ?? []).entries()) {
        const answer = answers[at];
        if (answer?.status === 'fulfilled') resolve(answer.value as never[]);
        else reject(answer?.reason);
      }
    } catch (error) {
      // A connection that failed may have shown another merchant's rows: nothing of it is an answer.
      for (const [at, { reject }] of (asked ?? take()).entries()) {
        const answer = answers[at];
        reject(answer?.status === 'rejected' ? answer.reason : error);
      }
    }
  }

  return <Row>(statement: Statement<Row>, values?: readonly unknown[]) =>
    new Promise<Row[]>((resolve, reject) => {
      waiting.push({ statement, values, resolve, reject });
      if (waiting.length <= coming * overOneConnection) return;
      coming++;
      void run();
    });
}

async function answersTo(asked: readonly Asked[], { alone, whole }: Lent): Promise<PromiseSettledResult<unknown[]>[]> {
  const askAll = (sql: Sql) => Promise.allSettled(asked.map(({ statement, values }) => sql.rows(statement, values)));
  if (asked.length === 1 || asked.some(({ statement }) => statement.onlyReads !== true)) return askAll(alone);
  const answers = await askAll(whole);
  // One that was refused took the others with it.
  const isRefused = answers.some((one) => one.status === 'rejected' && !(one.reason instanceof DatabaseUnavailable));
  return isRefused ? askAll(alone) : answers;
}
