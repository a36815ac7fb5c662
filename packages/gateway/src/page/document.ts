/** What every page of the cashier has around it: the head, and our style sheets. */
import type { Locale } from './challenge-text.ts';
import { type Html, html } from './html.ts';

/** A number may not be broken: one that is too long for the line is written smaller. */
export const headlineOf = (amount: string): Html => {
  const isLong = amount.split(' ').some((part) => part.length > 16);
  return html`<span class="amount${isLong && ' long'}">${amount}</span>`;
};

export const documentIn = (
  { locale, title }: { readonly locale: Locale; readonly title: string },
  main: Html,
  head: Html | undefined,
): Html => html`<!doctype html>
<html lang="${locale}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title}</title>
  <link rel="stylesheet" href="/page/challenge.css">
  <link rel="stylesheet" href="/page/checkout.css">
  <link rel="icon" href="data:,">
  ${head}
</head>
<body>
  <main>${main}
  </main>
</body>
</html>
`;
