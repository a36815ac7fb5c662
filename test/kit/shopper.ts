/** A shopper's browser without a screen: follows a challenge's link, keeps its cookie, and posts its form. */
import type { TestGateway } from './gateway.ts';
import { freshId } from './gateway.ts';

export interface PageSeen {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Shopper {
  /** GET, redirects followed within the gateway. */
  visit(url: string): Promise<PageSeen>;
  /** POST of a form, redirects followed. */
  post(url: string, form: Record<string, string>): Promise<PageSeen>;
  /** Cookie header by path. */
  readonly cookies: Map<string, string>;
}

export function newShopper(headers: Record<string, string> = {}): Shopper {
  const cookies = new Map<string, string>();
  const go = async (url: string, init: RequestInit): Promise<PageSeen> => {
    const { pathname } = new URL(url);
    const cookie = [...cookies].find(([path]) => pathname === path || pathname.startsWith(`${path}/`))?.[1];
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...headers, ...(cookie !== undefined && { cookie }) },
    });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) cookies.set(/Path=([^;]+)/.exec(set)?.[1] ?? '', set.split(';')[0] ?? '');
    const location = response.headers.get('location');
    if (response.status === 303 && location !== null) return go(new URL(location, url).href, {});
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return {
    cookies,
    visit: (url) => go(url, {}),
    post: (url, form) => go(url, { method: 'POST', body: new URLSearchParams(form) }),
  };
}

export interface Challenge {
  readonly tokenRequestId: string;
  readonly validateUrl: string;
  /** The page's own address, without the link's secret. */
  readonly address: string;
  readonly authenticationId: string;
}

/** generate + submit of the card that is challenged. */
export async function startChallenge(
  gateway: TestGateway,
  extra: object = {},
  card: { pan?: string; cvv?: string } = {},
): Promise<Challenge> {
  const tokenRequestId = freshId('treq');
  const body = { tokenRequestId, merchantUserId: freshId('user'), tokenType: 'CARD', notifyUrl: gateway.receiver.url };
  const opened = await gateway.call('/tokenization/generate', body);
  const submitted = await gateway.submit(opened.data.tokenSessionId, { pan: '4000000000001000', ...card }, extra);
  const validateUrl: string = submitted.data?.validateUrl ?? '';
  if (validateUrl === '') throw new Error(`no challenge: ${submitted.raw}`);
  const address = validateUrl.slice(0, validateUrl.lastIndexOf('/'));
  return { tokenRequestId, validateUrl, address, authenticationId: address.slice(address.lastIndexOf('/') + 1) };
}

/** Types a code. */
export const enterCode = (shopper: Shopper, { address }: Challenge, code: string): Promise<PageSeen> =>
  shopper.post(address, { challengeDataEntry: code, action: 'submit' });
