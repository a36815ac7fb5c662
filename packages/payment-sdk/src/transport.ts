/**
 * Carries one sealed submission to the gateway and its answer back. The same bytes may be sent again, for the gateway
 * answers a repeat with what became of the first; other bytes never are. It must never see a card.
 */
import { ownText, ownValue } from './own-value.ts';
import type { Settings } from './settings.ts';

/** The gateway's envelope, as far as it is used. */
export interface Answer {
  /** `0`, a code of the fault table, or a client's own: `S0001` no answer, `S0005` an answer that is none. */
  readonly code: string;
  /** For developers. */
  readonly msg: string;
  readonly data: unknown;
  /** The sandbox tells developers more in a header. */
  readonly hint: string;
}

/** What the fault table calls `same-request`, and the two cases in which nobody can tell whether the request arrived. */
export const worthRepeating: readonly string[] = ['A0040', 'C0001', 'C0006', 'C0007', 'S0001', 'S0005'];

const repeatDelaysMs = [300, 1200];

/**
 * @param settings - gateway, key, and how long all of it may take
 * @param path - below `/api/v1`
 * @param body - JSON; sent at most three times
 * @returns the gateway's answer; never rejects
 */
export async function post(settings: Settings, path: string, body: string): Promise<Answer> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => {
      abort.abort();
      resolve(noAnswer('S0001', 'no answer in time'));
    }, settings.timeoutMs);
  });
  try {
    return await Promise.race([postRepeatedly(settings, path, body, abort.signal), deadline]);
  } finally {
    clearTimeout(timer);
  }
}

async function postRepeatedly(settings: Settings, path: string, body: string, signal: AbortSignal): Promise<Answer> {
  let answer = await postOnce(settings, path, body, signal);
  for (const delayMs of repeatDelaysMs) {
    if (!worthRepeating.includes(answer.code) || signal.aborted) break;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (signal.aborted) break;
    answer = await postOnce(settings, path, body, signal);
  }
  return answer;
}

async function postOnce(settings: Settings, path: string, body: string, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await settings.fetch(settings.baseUrl + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-API-KEY': settings.clientApiKey },
      body,
      signal,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    });
    return read(await response.text(), response.headers.get('X-Waffo-Hint') ?? '');
  } catch {
    return noAnswer('S0001', 'the gateway was not reached: network, Content-Security-Policy (connect-src) or CORS');
  }
}

function read(text: string, hint: string): Answer {
  const answer = parse(text);
  const code = ownText(answer, 'code');
  if (!/^(?:0|[A-E]\d{4})$/.test(code)) return noAnswer('S0005', 'the answer is not one of a Waffo gateway');
  return { code, msg: ownText(answer, 'msg'), data: ownValue(answer, 'data'), hint };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const noAnswer = (code: 'S0001' | 'S0005', msg: string): Answer => ({ code, msg, data: undefined, hint: '' });
