/** The time a merchant lives in: real time in production, and in the sandbox what its clock was set to. */
import { type Clock, setAgainst } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Database, Sql } from '../storage/database.ts';
import { findClock, readClock } from './clock.store.ts';

export interface ClockDeps {
  readonly config: Pick<Config, 'environment'>;
  readonly database: Database;
  /** The machine's. */
  readonly clock: Clock;
}

/** The clock that all work for a merchant obeys, as it stands now. */
export async function clockOf({ config, database, clock }: ClockDeps, merchantId: string): Promise<Clock> {
  if (config.environment === 'production') return clock;
  return setAgainst(clock, await findClock(database, merchantId));
}

/** The same where the environment is not known: in production no merchant has a clock of its own. */
export const sandboxClock = async (sql: Sql, machine: Clock, merchantId: string): Promise<Clock> =>
  setAgainst(machine, await readClock(sql, merchantId));
