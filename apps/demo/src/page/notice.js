/** One sentence to the shopper, seen and spoken. The newest takes the place of the one before. */
import { ShopError } from './api.js';
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

/** A second click while the first is at work does nothing. @param {HTMLButtonElement} button @param {() => Promise<void>} act */
export async function once(button, act) {
  if (button.ariaDisabled === 'true') return;
  button.ariaDisabled = 'true';
  try {
    await act();
  } catch (error) {
    notify('bad', sentenceOf(error));
  } finally {
    button.ariaDisabled = 'false';
  }
}

/** What went wrong, for the shopper. @param {unknown} error */
export const sentenceOf = (error) =>
  error instanceof ShopError ? error.message : 'Something went wrong. Please try again.';
