/**
 * Does something so many times, a few at a time: what ends makes room for the next.
 *
 * @param make - is given its number, from 0
 * @returns what was made, by number
 */
export async function sideBySide<Made>(
  count: number,
  atATime: number,
  make: (number: number) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const number = next++;
      made[number] = await make(number);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, atATime) }, lane));
  return made;
}
