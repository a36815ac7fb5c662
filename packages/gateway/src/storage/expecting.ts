/**
 * A condition that a statement ends with. Whoever sends all of a transaction at once cannot look at what one statement answered
 * before the next is done: so the statement itself refuses to go on, and nothing of the transaction stays.
 */

/**
 * @param condition - SQL, e.g. `count(*) = 1`
 * @returns an expression for a `select`; where the condition is false the statement is refused. SQL has no `assert`
 * @example `with paid as (update … returning 1) select ${expecting('count(*) = cardinality($1)')} from paid`
 */
export const expecting = (condition: string): string => `1 / (${condition})::integer as expected`;
