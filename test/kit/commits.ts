/** How a commit is known on the line to the database: what is asked at once is committed without a word of its own. */

/** Names of prepared statements: of the commit, and of one in each transaction that is asked at once. */
const marks = ['database/commit', 'access-entry/insert-after', 'attempt/record-all-outcomes'];

/** @param bytes - what the gateway sends to PostgreSQL */
export const isCommit = (bytes: Buffer): boolean => marks.some((mark) => bytes.includes(mark));
