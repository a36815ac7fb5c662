/**
 * One home of a gateway that was started once and stopped in order: its database is set up, its merchants have their keys. Tests
 * that need many gateways lay copies of it, for a first start costs far more than a second.
 */
import type { TestProject } from 'vitest/node';
import { startChildGateway } from './child-gateway.ts';
import { throwawayFolder } from './throwaway-folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A WAFFO_HOME that nobody uses. */
    preparedHome: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await throwawayFolder('waffo-home-');
  try {
    const gateway = await startChildGateway(folder.path);
    await gateway.stop();
    project.provide('preparedHome', folder.path);
    return folder.remove;
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
