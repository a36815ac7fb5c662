/**
 * Drops what a file made. It runs for each file, also where files share what they load: a hook of a module that is loaded once would
 * be there for the first one only. It is registered before every other hook of the file, so it comes after them: a gateway that
 * is closed has told all it did.
 */
import { afterAll } from 'vitest';
import { dropDatabases } from './made-databases.ts';

afterAll(dropDatabases);
