/** What a person sees when the gateway is ready: where things are, which storage it is, and a card to try. */
import type { App } from '../app.ts';

/**
 * @param app - a running gateway
 * @param facts.seconds - how long it took to get ready
 * @returns lines for a terminal
 */
export function banner(app: App, facts: { readonly seconds: number; readonly home: string }): string {
  const { sandbox, gateway } = app;
  const lines = [
    '',
    `  waffo gateway   ${gateway.config.environment}   ready in ${facts.seconds.toFixed(1)} s`,
    '',
    `  Storage       ${gateway.database.description}`,
    ...(gateway.config.databaseUrl === undefined
      ? ['                durable; for live money bring your own server (WAFFO_DATABASE_URL)']
      : []),
    `  API           ${sandbox.baseUrl}`,
    `  Health        ${app.url}/health/ready`,
    ...(app.operatorUrl === undefined
      ? []
      : [`  Operator API  ${app.operatorUrl}/operator/v1   key in ${facts.home}/operator.key`]),
    `  Merchant      ${sandbox.merchantId}   (PCI-certified: ${sandbox.pci.merchantId})`,
    `  API key       ${sandbox.apiKey}`,
    `  Client key    ${sandbox.clientApiKey}`,
    `  All keys      ${facts.home}/sandbox.json`,
    '',
    '  Test card     4111 1111 1111 1111   12/2030   123      declined: 4576 7500 0000 0220',
    '',
  ];
  return `${lines.join('\n')}\n`;
}
