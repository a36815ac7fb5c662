/**
 * Look-ups that come while another is under way share the next statement. Nobody waits longer than for the one under way, and
 * nobody is answered from before it asked: a look-up never sees less than was committed when it was made.
 */

interface Waiting<Found> {
  resolve(found: Found): void;
  reject(error: unknown): void;
}

/**
 * @param load - reads many keys in one statement; what it returns answers for each of them
 * @returns a look-up of one key
 * @example const find = grouped(async (ids) => { const rows = await read(ids); return (id) => rows.filter((row) => row.id === id); });
 */
export function grouped<Found>(
  load: (keys: readonly string[]) => Promise<(key: string) => Found>,
): (key: string) => Promise<Found> {
  let next = new Map<string, Waiting<Found>[]>();
  let isUnderWay = false;

  async function run(): Promise<void> {
    isUnderWay = true;
    // Those of one turn of the event loop go together.
    await Promise.resolve();
    while (next.size > 0) {
      const batch = next;
      next = new Map();
      try {
        const found = await load([...batch.keys()]);
        for (const [key, waiting] of batch) for (const { resolve } of waiting) resolve(found(key));
      } catch (error) {
        for (const { reject } of [...batch.values()].flat()) reject(error);
      }
    }
    isUnderWay = false;
  }

  return (key) =>
    new Promise((resolve, reject) => {
      next.set(key, [...(next.get(key) ?? []), { resolve, reject }]);
      if (!isUnderWay) void run();
    });
}
