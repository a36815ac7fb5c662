/** What a person sees when the gateway is ready: where things are, which storage it is, and a card to try. */
import type { App } from '../app.ts';
import type { SandboxFile } from '../merchant/sandbox-home.ts';

/**
 * @param app - a running gateway
 * @param facts.seconds - how long it took to get ready
 * @returns lines for a terminal
 */
export function banner(app: App, facts: { readonly seconds: number; readonly home: string }): string {
  const { sandbox, gateway } = app;
  const { role, environment, databaseUrl } = gateway.config;
  const lines = [
    '',
    `  waffo gateway   ${environment}${role === 'all' ? '' : ` ${role}`}   ready in ${facts.seconds.toFixed(1)} s`,
    '',
    `  Storage       ${gateway.database.description}`,
    ...(databaseUrl === undefined
      ? ['                durable; for live money bring your own server (WAFFO_DATABASE_URL)']
      : []),
    ...(sandbox === undefined ? [] : [`  API           ${sandbox.baseUrl}`]),
    `  Health        ${app.listensOn}/health/ready`,
    ...(app.operatorUrl === undefined
      ? []
      : [`  Operator API  ${app.operatorUrl}/operator/v1   key in ${facts.home}/operator.key`]),
    ...(role === 'worker' ? ['  It does what is due; others answer calls.'] : []),
    ...(sandbox === undefined ? [] : keysOf(sandbox, facts.home)),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

const keysOf = (sandbox: SandboxFile, home: string): string[] => [
  `  Merchant      ${sandbox.merchantId}   (PCI-certified: ${sandbox.pci.merchantId})`,
  `  API key       ${sandbox.apiKey}`,
  `  Client key    ${sandbox.clientApiKey}`,
  `  All keys      ${home}/sandbox.json`,
  `  Env file      ${home}/sandbox.env   for Waffo.fromEnv()`,
  '',
  '  Test card     4111 1111 1111 1111   12/2030   123      declined: 4576 7500 0000 0220',
];
