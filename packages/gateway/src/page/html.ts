/** Markup from a template: everything put into it is escaped, unless it is markup of ours already. */

/** Markup that may stand in a page as it is. Only `html` makes it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | undefined | false;

/**
 * @param values - text is escaped; `Html` is put in as it is; `undefined` and `false` are left out
 * @example html`<p title="${title}">${text}</p>`
 */
export const html = (strings: TemplateStringsArray, ...values: readonly Part[]): Html =>
  new Html(strings.reduce((page, string, index) => page + markup(values[index - 1]) + string));

function markup(value: Part): string {
  if (value instanceof Html) return value.text;
  return value === undefined || value === false ? '' : escapeText(String(value));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe in text and in quoted attributes. */
const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
