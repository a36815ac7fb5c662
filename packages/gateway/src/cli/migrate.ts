/** `waffo migrate`: brings the database to this version's schema and says where it is. */
import { Command } from 'commander';
import { configFrom } from '../config.ts';
import { type Ground, withGround } from '../ground.ts';

export const migrateCommand = (): Command =>
  new Command('migrate')
    .description("bring the database to this version's schema, and check that the key file opens it")
    .action(() =>
      withGround(
        configFrom(),
        async ({ database, migrated }) => {
          process.stdout.write(`${database.description}: ${told(migrated)}, and the key file opens it\n`);
        },
        { mayMigrate: true },
      ),
    );

function told(migrated: Ground['migrated']): string {
  if (migrated === 'ahead') return "a newer version's migrations are there, with which this one works";
  if (migrated === 0) return "nothing to do: the schema is this version's";
  return `${migrated} ${migrated === 1 ? 'migration' : 'migrations'} applied: the schema is this version's`;
}
