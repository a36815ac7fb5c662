/** What is mutated, by name, and the tests that must notice. */
export const parts = {
  envelope: ['packages/protocol/src/envelope/*'],
  signature: ['packages/protocol/src/signature'],
  vault: ['packages/gateway/src/vault/*'],
};

/** @param {string | undefined} names - separated by commas; all when absent */
const placesOf = (names) =>
  (names ?? Object.keys(parts).join()).split(',').flatMap((name) => {
    if (!Object.hasOwn(parts, name)) throw new Error(`${name} is not one of ${Object.keys(parts).join(', ')}`);
    return parts[name];
  });

/** @param {string | undefined} names */
export const testsOf = (names) => placesOf(names).map((place) => `${place}.test.ts`);

/** @param {string | undefined} names */
export const sourcesOf = (names) => [...placesOf(names).map((place) => `${place}.ts`), '!**/*.test.ts'];
