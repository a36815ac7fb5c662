/** A line of door 2: a URL and what answers it. A page gets what a plain form can send, and needs no script. */
import { readFile } from 'node:fs/promises';
import type { Gateway } from '../gateway.ts';
import type { Html } from './html.ts';

/** A browser's request, as far as a page may know it. */
export interface Visit {
  readonly requestId: string;
  readonly params: Readonly<Record<string, string>>;
  /** Empty unless a form was posted. */
  readonly form: URLSearchParams;
  readonly acceptLanguage: string;
  /** A cookie's value. */
  cookie(name: string): string | undefined;
  /** `Sec-Fetch-Site`; empty when the browser does not say. */
  readonly fetchSite: string;
  /** `Sec-Fetch-Dest`, e.g. `iframe`; empty when the browser does not say. */
  readonly fetchDest: string;
  /** Where the browser is, as `networkOf` tells. */
  readonly network: string;
}

/** What a page answers. The security headers are added for it. */
export interface PageAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Html | Buffer;
  /** Runs scripts of ours; a page runs none otherwise. */
  readonly scripted?: boolean;
  /** Origins whose pages may embed this one; nobody's may otherwise. */
  readonly embeddedBy?: readonly string[];
}

export interface Page {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly answer: (gateway: Gateway, visit: Visit) => Promise<PageAnswer>;
}

/** @param url - may hold `:names`, which arrive in `params` */
export const page = (method: Page['method'], url: string, answer: Page['answer']): Page => ({ method, url, answer });

/** A style sheet of ours. @param file - is read when it is asked for */
export const styleSheet = (url: string, file: URL): Page => asset(url, file, 'text/css');

/** A script of ours. @param file - is read when it is asked for */
export const script = (url: string, file: URL): Page => asset(url, file, 'text/javascript');

const asset = (url: string, file: URL, type: string): Page => ({
  method: 'GET',
  url,
  answer: async () => ({
    status: 200,
    headers: { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'public, max-age=300' },
    body: await readFile(file),
  }),
});

/** Sends a browser on with GET. */
export const seeOther = (location: string, headers: Readonly<Record<string, string>> = {}): PageAnswer => ({
  status: 303,
  headers: { Location: location, ...headers },
});
