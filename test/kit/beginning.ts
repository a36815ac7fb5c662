/** The moment at which every test begins. */
export const beginning = new Date('2026-11-23T12:00:00.000Z');
