/** `waffo serve`: the gateway as a process, stopped by a signal or by the end of its launcher. */
import { Command, Option } from 'commander';
import { type App, startApp } from '../app.ts';
import { configWith, type Role } from '../config.ts';
import { banner } from './banner.ts';

export const serveCommand = (): Command =>
  new Command('serve')
    .description('run the gateway; what `waffo` alone does, too')
    .addOption(
      new Option('--role <role>', 'answer calls, do what is due, or both').choices([
        'all',
        'api',
        'worker',
      ] satisfies Role[]),
    )
    .action(serve);

async function serve({ role }: { readonly role?: Role }): Promise<void> {
  // Never let a signal wake the inspector: it would open memory to any local process.
  process.on('SIGUSR1', () => {});
  const startedAt = process.uptime();
  const config = configWith({ WAFFO_ROLE: role });
  const app = await startApp(config);
  process.stdout.write(banner(app, { seconds: process.uptime() - startedAt, home: config.home }));
  process.send?.({ ready: true, url: app.url, listensOn: app.listensOn });
  stopOnSignal(app, config.home);
}

function stopOnSignal(app: App, home: string): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    app.stop().then(
      () => {
        process.stdout.write(`  Stopped. Everything is kept in ${home}\n`);
        process.exit(0);
      },
      (error: unknown) => {
        process.stderr.write(`waffo: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // The launcher is gone: nobody is left to stop us.
  process.on('disconnect', stop);
}
