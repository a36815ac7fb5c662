/** `waffo migrate`: brings the database to this version's schema and says where it is. */
import { Command } from 'commander';
import { configFrom } from '../config.ts';
import { withGround } from '../ground.ts';

export const migrateCommand = (): Command =>
  new Command('migrate')
    .description("bring the database to this version's schema, and check that the key file opens it")
    .action(() =>
      withGround(
        configFrom(),
        async ({ database, migrated }) => {
          const done =
            migrated === 0
              ? 'nothing to do'
              : migrated === 1
                ? '1 migration applied'
                : `${migrated} migrations applied`;
          process.stdout.write(
            `${database.description}: ${done}; the schema is this version's, and the key file opens it\n`,
          );
        },
        { mayMigrate: true },
      ),
    );
