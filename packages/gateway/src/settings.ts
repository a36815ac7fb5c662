/** What an operator may set: one row each. `config.ts` reads them; the reference page is made from this table. */

/** One setting an operator may change. */
interface Setting {
  readonly name: string;
  readonly fallback: string;
  readonly meaning: string;
}

/** Every setting, for `configFrom` and the reference page. */
export const settings = [
  { name: 'WAFFO_ENVIRONMENT', fallback: 'sandbox', meaning: '`sandbox` or `production`' },
  { name: 'WAFFO_HOST', fallback: '127.0.0.1', meaning: 'address the gateway listens on' },
  { name: 'WAFFO_PORT', fallback: '4010', meaning: 'port of the gateway; 0 takes any free one' },
  {
    name: 'WAFFO_OPERATOR_PORT',
    fallback: 'off',
    meaning: 'port of the operator API on 127.0.0.1; 0 takes any free one; its key is operator.key in WAFFO_HOME',
  },
  {
    name: 'WAFFO_PUBLIC_URL',
    fallback: '',
    meaning: 'origin under which shoppers and merchants reach the gateway; empty: what it listens on',
  },
  { name: 'WAFFO_DEMO_PORT', fallback: '4020', meaning: 'port of the demo shop, written to sandbox.json' },
  { name: 'WAFFO_HOME', fallback: '.waffo', meaning: 'folder for keys, sandbox.json and the embedded database' },
  {
    name: 'WAFFO_DATABASE_URL',
    fallback: '',
    meaning: 'PostgreSQL 15 or later; empty starts the embedded server in WAFFO_HOME',
  },
  {
    name: 'WAFFO_DATABASE_PASSWORD_FILE',
    fallback: '',
    meaning: "file with the password of the URL's role, so that it stands in no variable; empty: it is in the URL",
  },
  {
    name: 'WAFFO_DATABASE_CONNECTIONS',
    fallback: '8',
    meaning: 'most connections of one process to the database; requests beyond them wait up to two seconds',
  },
  { name: 'WAFFO_KEK_FILE', fallback: '', meaning: 'key-encryption keys, mode 0600; empty: kek in WAFFO_HOME' },
  {
    name: 'WAFFO_KEK_FILE_2',
    fallback: '',
    meaning: 'the second component of each key, kept by a second custodian; empty: keys are whole in WAFFO_KEK_FILE',
  },
  {
    name: 'WAFFO_KEK',
    fallback: '',
    meaning:
      'for development, instead of a file: 32 bytes in base64, several with spaces between; refused in production',
  },
  { name: 'WAFFO_LOG_LEVEL', fallback: 'info', meaning: '`debug`, `info`, `warn` or `error`' },
  {
    name: 'WAFFO_ROLE',
    fallback: 'all',
    meaning:
      '`api` answers calls, `worker` does what is due (notifications, renewals, expiries, unknown outcomes), `all` both; `waffo serve --role` says the same',
  },
  {
    name: 'WAFFO_METRICS',
    fallback: '',
    meaning:
      '`on` or `off`: whether `GET /metrics` is answered on the port of the API; empty: on in the sandbox, off in production',
  },
  { name: 'WAFFO_SESSION_MINUTES', fallback: '30', meaning: 'life of a tokenization session, in minutes' },
  { name: 'WAFFO_3DS_MINUTES', fallback: '10', meaning: 'time a shopper has for a 3-D Secure challenge, in minutes' },
  {
    name: 'WAFFO_SANDBOX_CODE',
    fallback: '1234',
    meaning: "the sandbox issuer's one-time code; `drawn` draws another for each challenge and shows it on its page",
  },
  {
    name: 'WAFFO_WEBHOOK_PORTS',
    fallback: '',
    meaning: 'ports that notifications may go to beside 80 and 443, such as `8443,9443`; a sandbox takes any',
  },
  {
    name: 'WAFFO_LIMITS',
    fallback: '',
    meaning: '`on` or `off`: limits on calls and on trying cards; empty: on in production, off in the sandbox',
  },
  {
    name: 'WAFFO_MERCHANT_RATE',
    fallback: '100',
    meaning: 'signed calls of one merchant per second, over ten seconds',
  },
  {
    name: 'WAFFO_NETWORK_RATE',
    fallback: '10',
    meaning: "browsers' calls from one network per second, over ten seconds",
  },
  {
    name: 'WAFFO_HOLD_ON_ALARM',
    fallback: 'off',
    meaning:
      '`on` or `off`: whether a merchant with unusually many declined cards is held to 3-D Secure for an hour, beside the alarm',
  },
  {
    name: 'WAFFO_REFUSAL_RATE',
    fallback: '',
    meaning:
      'refusals per second to callers who proved nothing; what comes faster waits, and its connection with it; empty: 100 in production, 1000 in the sandbox',
  },
  {
    name: 'WAFFO_SHED_MS',
    fallback: '1000',
    meaning: 'how late the process may be, in milliseconds on average, before it turns calls away; 0: it never does',
  },
  {
    name: 'WAFFO_DRAIN_MS',
    fallback: '',
    meaning:
      'how long a gateway that was told to stop says on `/health/ready` that it leaves and answers on, in milliseconds: longer than a balancer takes to look; empty: 3000 in production, 0 in the sandbox',
  },
  {
    name: 'WAFFO_TRUSTED_PROXIES',
    fallback: '',
    meaning: 'addresses or networks, with commas between, whose X-Forwarded-For tells where a browser is; empty: none',
  },
  {
    name: 'WAFFO_ISO8583_URL',
    fallback: '',
    meaning: "an acquirer's ISO 8583 host, `tcp://host:port`; empty: the sandbox acquirer takes every payment",
  },
  {
    name: 'WAFFO_ISO8583_MERCHANTS',
    fallback: '*',
    meaning: 'ids of the merchants whose new payments go to that host, with commas between; `*`: all',
  },
  {
    name: 'WAFFO_ISO8583_TERMINAL',
    fallback: '',
    meaning: 'field 41, as the acquirer gave it out; 8 characters at most',
  },
  {
    name: 'WAFFO_ISO8583_ACCEPTOR',
    fallback: '',
    meaning: 'field 42, as the acquirer gave it out; 15 characters at most',
  },
  {
    name: 'WAFFO_ISO8583_ANSWER_MS',
    fallback: '10000',
    meaning: 'how long an answer of that host is waited for, in milliseconds, before the call is reversed',
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof settings)[number]['name'];
