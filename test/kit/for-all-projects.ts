/** What the projects of one run share, though each of them loads its setup for itself. */
import type { TestProject } from 'vitest/node';

interface Shared<Made> {
  users: number;
  readonly made: Promise<Made>;
}

const place = globalThis as { waffoTestShared?: Map<string, Shared<unknown>> };

/**
 * A global setup for each project that names it: the first makes it, all are given it, and the last removes it.
 *
 * @param name - what it is known by in the process
 * @param make - everything that is to be removed, or nothing when it fails
 * @param provide - tells the tests of a project
 */
export const forAllProjects =
  <Made>(
    name: string,
    make: (project: TestProject) => Promise<Made>,
    provide: (project: TestProject, made: Made) => void,
    remove: (made: Made) => Promise<void>,
  ) =>
  async (project: TestProject): Promise<() => Promise<void>> => {
    place.waffoTestShared ??= new Map();
    const all = place.waffoTestShared as Map<string, Shared<Made>>;
    const shared = all.get(name) ?? { users: 0, made: make(project) };
    all.set(name, shared);
    shared.users += 1;
    provide(project, await shared.made);
    return async () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      all.delete(name);
      await remove(await shared.made);
    };
  };
