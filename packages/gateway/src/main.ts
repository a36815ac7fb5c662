#!/usr/bin/env node
/** The process: arguments, signals, exit code. */
import { type App, startApp } from './app.ts';
import { banner } from './cli/banner.ts';
import { ConfigError, configFrom } from './config.ts';

const usage = 'usage: waffo serve';

async function main(): Promise<void> {
  const [command = 'serve', ...rest] = process.argv.slice(2);
  if (command !== 'serve' || rest.length > 0) throw new ConfigError(usage);
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
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // The launcher is gone: nobody is left to stop us.
  process.on('disconnect', stop);
}

function fail(error: unknown): never {
  const sentence = error instanceof Error ? error.message : String(error);
  process.stderr.write(`waffo: ${sentence}\n`);
  process.exit(1);
}

main().catch(fail);
