/** `waffo serve`: the gateway as a process, stopped by a signal or by the end of its launcher. */
import { Command } from 'commander';
import { type App, startApp } from '../app.ts';
import { configFrom } from '../config.ts';
import { banner } from './banner.ts';

export const serveCommand = (): Command =>
  new Command('serve').description('run the gateway; what `waffo` alone does, too').action(serve);

async function serve(): Promise<void> {
  // Never let a signal wake the inspector: it would open memory to any local process.
  process.on('SIGUSR1', () => {});
  const startedAt = process.uptime();
  const config = configFrom();
  const app = await startApp(config);
  process.stdout.write(banner(app, { seconds: process.uptime() - startedAt, home: config.home }));
  process.send?.({ ready: true, url: app.url });
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
