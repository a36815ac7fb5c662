/** Prints how many signatures a second this machine makes, with the settings of this process. */
import { ceiling } from './ceiling.ts';

console.log(await ceiling());
