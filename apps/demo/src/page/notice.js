/** One sentence to the shopper, seen and spoken. The newest takes the place of the one before. */
import { byId, element } from './element.js';

/**
 * @param {'good' | 'bad' | 'wait'} kind
 * @param {string} text
 */
export function notify(kind, text) {
  const dismiss = element('button', { type: 'button', class: 'dismiss', 'aria-label': 'Dismiss', onclick: clear }, '×');
  byId('notice').replaceChildren(element('div', { class: `notice ${kind}` }, element('p', {}, text), dismiss));
}

function clear() {
  byId('notice').replaceChildren();
}
