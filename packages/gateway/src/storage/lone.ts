/**
 * Statements that belong to no transaction. Those of one turn of the event loop go over one connection in one write, for a write
 * and the wake-up of a server cost more than most of what is asked. Each has its own answer, and its own refusal.
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

/**
 * @param lend - lends a connection; what it throws, all who asked over this connection are told who have no answer of their own
 * @returns runs a statement
 */
export function loneStatements(lend: (use: (sql: Sql) => Promise<void>) => Promise<void>): Sql['rows'] {
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
      await lend(async (sql) => {
        answers = await Promise.allSettled(take().map(({ statement, values }) => sql.rows(statement, values)));
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
