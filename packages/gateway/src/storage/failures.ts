/**
 * Which errors of a connection mean that the database is away, and not that it refused a statement. A commit that its server
 * confirmed without the standby that it was to wait for counts as one whose answer was lost.
 */

/** The database cannot be reached. A transaction has not been committed; a statement of its own may have been done. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** The connection was lost in COMMIT: only a look can tell what happened. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

/** System errors, and SQLSTATEs of a server that is shutting down, crashed, starting, full or not the primary any more. */
const failureCodes = new Set([
  ...'ECONNREFUSED ECONNRESET ENOENT ENOTFOUND EAI_AGAIN EHOSTUNREACH EPIPE ETIMEDOUT'.split(' '),
  ...'57P01 57P02 57P03 57P05 53300 25006'.split(' '),
]);
/** The driver's own failures have no code. */
const failureText = /connection terminated|connection timeout|timeout e|read timeout|connection error|not queryable/i;

/** Whether an error says that the connection, or the server behind it, is of no use any more. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: string };
  return code === undefined ? failureText.test(error.message) : failureCodes.has(code) || code.startsWith('08');
}

/**
 * Whether a notice says that a commit waits for its standby no longer, and is confirmed all the same: somebody cancelled it.
 * PostgreSQL's words depend on its language, the name of its function does not.
 */
export const givesUpStandby = ({ routine }: { readonly routine?: string | undefined }): boolean =>
  routine === 'SyncRepWaitForLSN';

/** What becomes of a statement that was confirmed so, by SQLSTATE 08007, transaction_resolution_unknown. */
export const withoutStandby = (): Error =>
  Object.assign(new Error('the database confirmed without its standby'), { code: '08007' });

/** A failed connection as what it is to callers; a refused statement as it came. */
export const asUnavailable = (error: unknown): unknown =>
  isConnectionFailure(error) ? new DatabaseUnavailable('the database cannot be reached', { cause: error }) : error;
