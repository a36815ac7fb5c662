/**
 * The order of a round in which several are measured. Whoever was last is first in the next one: none always has the colder machine.
 *
 * @param round - the first is 1
 */
export const inTurns = <One>(all: readonly One[], round: number): readonly One[] =>
  round % 2 === 1 ? all : all.toReversed();
