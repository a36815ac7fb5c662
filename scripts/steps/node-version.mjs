/**
 * Refuses a Node that is too old with one sentence. Imported first, for its effect, by every script that a person
 * types; it must parse on old versions, and so must everything imported beside it.
 */
import process from 'node:process';

const [leastMajor, leastMinor] = [20, 19];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
  process.stderr.write(
    `Waffo needs Node ${leastMajor}.${leastMinor} or later; this is Node ${process.versions.node}.\n`,
  );
  process.exit(1);
}
