/** Finds the port of the shop before anything starts, because the gateway tells the merchant where the shop is. */
import { createServer } from 'node:net';

/**
 * @param {string} name - the setting, for the sentence that refuses it
 * @param {string} value - what it says: a port, or `0` for any free one
 * @returns {Promise<number>} a port of 127.0.0.1 that was free a moment ago
 * @throws {Error} with one sentence that names the setting
 */
export async function freePort(name, value) {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw new Error(`${name} is "${value}"; it must be a whole number from 0 to 65535.`);
  }
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', async (error) => {
      reject(error.code === 'EADDRINUSE' ? new Error(await whyTaken(name, value)) : error);
    });
    server.listen(Number(value), '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Most often it is a sandbox that was forgotten in another terminal. */
async function whyTaken(name, port) {
  const home = `http://127.0.0.1:${port}/`;
  const page = await fetch(home, { signal: AbortSignal.timeout(1_000) })
    .then((answer) => answer.text())
    .catch(() => '');
  return page.includes('<title>Kiln')
    ? `It runs already: the shop is at ${home}. Use that, or stop it where it runs (Ctrl-C). For a second one beside it set WAFFO_HOME to another folder, and WAFFO_PORT, WAFFO_DEMO_PORT and WAFFO_OPERATOR_PORT to 0.`
    : `Port ${port} is taken. Set ${name} to another one, or to 0 for any that is free.`;
}
