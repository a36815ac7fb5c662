/**
 * `npm run prove:rotation [-- <cards>]`: rotates the KEK, the data keys and the fingerprint keys of a vault of 10,000
 * cards beside a gateway that binds, charges and answers all the time, and kills each of the three commands once on its
 * way. Prints what came of it, and fails when a request failed, a value does not open or anything is left on an old key.
 */
import { rotateUnderLoad } from '../test/kit/rotation.ts';

const cards = Number(process.argv[2] ?? 10_000);
if (!(cards >= 50)) throw new Error('how many cards? at least 50');

const kinds = ['kek', 'card', 'fingerprint'] as const;
const startedAt = performance.now();
const say = (line: string) => process.stdout.write(`${line}\n`);
const figures = await rotateUnderLoad({ cards, rotate: kinds, kill: kinds, rate: Math.ceil(cards / 20), say });
const { requests, binds, failed, kills, resumed, opened, undecryptable, onOldKeys } = figures;
say(`${cards} cards, ${binds} more bound meanwhile, ${Math.round((performance.now() - startedAt) / 1_000)} s`);
say(`${kills.length} kills, ${resumed} resumed`);
say(`${failed.count} of ${requests} requests failed`);
for (const one of failed.first) say(`  ${one}`);
say(`${undecryptable} of ${opened + undecryptable} values do not open`);
say(`${onOldKeys} values on an old key`);
const isProven = failed.count + undecryptable + onOldKeys === 0 && resumed === kinds.length && opened > 2 * cards;
if (!isProven) process.exitCode = 1;
