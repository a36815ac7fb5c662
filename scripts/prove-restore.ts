/**
 * `npm run prove:restore [-- <cards>]`: loses a gateway and its database, and brings both back from a dump that was made
 * while payments went on, and from the key file. Prints what came of it, and fails when a token cannot be paid with, a
 * due notification does not arrive, an order is not what it was, or a chain, a key or the ledger is not whole.
 */
import { rehearseRestore } from '../test/kit/restore.ts';

const cards = Number(process.argv[2] ?? 200);
if (!(cards >= 2)) throw new Error('how many cards? at least 2');

const say = (line: string) => process.stdout.write(`${line}\n`);
const figures = await rehearseRestore({ cards, say });
const { paid, due, delivered, before, same, after, afterKept, complaints } = figures;
const ms = (value: number) => `${Math.round(value)} ms`;
say(`dump ${Math.round(figures.dumpBytes / 1024)} KiB in ${ms(figures.dumpMs)}, restored in ${ms(figures.restoreMs)}`);
say(`the new gateway was ready after ${ms(figures.readyMs)}`);
say(`${paid} of ${cards} tokens could be paid with`);
say(`${delivered} of ${due} notifications that were due arrived`);
say(`${same} of ${before} orders paid before the dump are answered as before, and were charged once`);
say(`${afterKept} of ${after} orders paid while it was made are in it; the others need the log (docs/guide/backup.md)`);
for (const complaint of complaints) say(complaint);
say(complaints.length === 0 ? 'the access log, every key and the ledger are whole' : 'not everything is whole');
const isProven = paid === cards && due >= cards && delivered === due && same === before && complaints.length === 0;
if (!isProven) process.exitCode = 1;
