/** Builds elements. Text is always text: the page's policy forbids every other way. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | EventListener>} attributes - `onclick` and the like take a function; false leaves out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name.slice(2), value);
    else if (value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children);
  return node;
}

/**
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id - of an element that the page has
 * @returns {Kind}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`The page has no #${id}`);
  return /** @type {Kind} */ (node);
}

/** Text for screen readers only. @param {string} text */
export const unseen = (text) => element('span', { class: 'unseen' }, text);
