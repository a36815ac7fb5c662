/**
 * Tells what is being done: one line a step. On a terminal the line moves while the step runs; elsewhere each step is
 * one plain line when it is done, so that a log stays readable.
 */
const moving = process.stdout.isTTY === true && process.env.TERM !== 'dumb' && process.env.CI === undefined;
const coloured = moving && !process.env.NO_COLOR;
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const labelWidth = 44;

const paint = (code, text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** The labels of the steps that run now, oldest first. */
const running = new Map();
let frame = 0;
let timer;

function draw() {
  frame += 1;
  const [first] = running;
  if (first === undefined) return;
  const [label, since] = first;
  const others = running.size > 1 ? ` and ${running.size - 1} more` : '';
  process.stdout.write(
    `\r\u001b[K  ${paint(36, frames[frame % frames.length])} ${label}${others}  ${paint(2, seconds(since))}`,
  );
}

function settle(mark, label, since) {
  running.delete(label);
  const line = `  ${mark} ${label.padEnd(labelWidth)} ${paint(2, seconds(since))}\n`;
  process.stdout.write(moving ? `\r\u001b[K${line}` : line);
  if (running.size > 0 || timer === undefined) return;
  clearInterval(timer);
  timer = undefined;
}

/**
 * Runs one step and tells how it went and how long it took. Steps may run side by side.
 *
 * @param {string} label - what is being done, e.g. `Install packages`
 * @param {() => Promise<T>} work - doing it
 * @returns {Promise<T>} what the work returned
 * @throws what the work threw
 * @template T
 */
export async function step(label, work) {
  const since = performance.now();
  running.set(label, since);
  if (moving) timer ??= setInterval(draw, 80);
  try {
    const result = await work();
    settle(paint(32, '✔'), label, since);
    return result;
  } catch (error) {
    settle(paint(31, '✘'), label, since);
    throw error;
  }
}

/**
 * Ends the script with what went wrong: what the program printed, and the sentence last.
 *
 * @param {unknown} error - what was thrown
 */
export function fail(error) {
  if (typeof error?.output === 'string' && error.output.trim() !== '')
    process.stderr.write(`\n${error.output.trimEnd()}\n`);
  process.stderr.write(`\n  ${paint(31, '✘')} ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
