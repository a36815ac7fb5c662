/** What stands where no 3-D Secure server and no account updater are connected: no card takes part, and nothing is known. */
import type { AccountUpdater } from './account-updater.ts';
import type { ThreeDsProvider } from './threeds.ts';

const none = (): Promise<never> => Promise.reject(new Error('no 3-D Secure server is connected'));

/** No card is said to take part, so nobody is asked. */
export const noThreeDs: ThreeDsProvider = {
  takesPart: () => false,
  authenticate: none,
  challenge: none,
  result: none,
  acknowledge: none,
};

export const noAccountUpdater: AccountUpdater = { ask: async () => ({ kind: 'unchanged' }) };
