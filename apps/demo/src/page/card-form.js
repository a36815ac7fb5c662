/** The merchant's own card form. What is typed here goes to the SDK and nowhere else: not to the shop, not to storage. */
import { openSession, ShopError } from './api.js';
import { expiryOnWire, formatExpiry, formatNumber, mistakes, schemeLabelOf } from './card-rules.js';
import { byId } from './element.js';
import { notify } from './notice.js';

/** SDK field → input. */
const inputs = {
  pan: /** @type {HTMLInputElement} */ (byId('card-number')),
  name: /** @type {HTMLInputElement} */ (byId('card-name')),
  expiry: /** @type {HTMLInputElement} */ (byId('card-expiry')),
  cvv: /** @type {HTMLInputElement} */ (byId('card-cvv')),
};
/** @typedef {keyof typeof inputs} Field */
const fields = /** @type {Field[]} */ (Object.keys(inputs));

const button = /** @type {HTMLButtonElement} */ (byId('save-card'));

/** @typedef {import('@waffo/payment-sdk').default} SDK */

/** Bindings that this page began and whose webhook has not come: it may come before the SDK's result does. */
const awaited = /** @type {Set<string>} */ (new Set());

/** @param {string} tokenRequestId - that a webhook told of @returns {boolean} whether this page waited for it */
export const endWaiting = (tokenRequestId) => awaited.delete(tokenRequestId);

/** @param {SDK} sdk */
export function startCardForm(sdk) {
  formatWhileTyping(inputs.pan, formatNumber);
  formatWhileTyping(inputs.expiry, formatExpiry);
  inputs.pan.addEventListener('input', () => {
    byId('card-scheme').textContent = schemeLabelOf(inputs.pan.value);
  });
  for (const field of fields) {
    inputs[field].addEventListener('blur', () => inputs[field].value && check(field));
    inputs[field].addEventListener('input', () => isMarked(field) && !mistakeOf(field) && mark(field, ''));
  }
  byId('card-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (button.ariaDisabled !== 'true') submit(sdk);
  });
  button.disabled = false;
}

/** @param {SDK} sdk */
async function submit(sdk) {
  const wrong = fields.filter((field) => !check(field));
  if (wrong[0]) return inputs[wrong[0]].focus();
  setBusy(true);
  try {
    const { tokenSessionId, tokenRequestId } = await openSession();
    awaited.add(tokenRequestId);
    const result = await sdk.tokenizationSubmit(tokenSessionId, {
      tokenData: {
        pan: inputs.pan.value,
        name: inputs.name.value,
        expiry: expiryOnWire(inputs.expiry.value) ?? '',
        cvv: inputs.cvv.value,
      },
      returnUrl: `${location.origin}/`,
    });
    if (result.success) succeed(result.data);
    else fail(result.error);
  } catch (error) {
    notify('bad', error instanceof ShopError ? error.message : 'The card could not be saved. Please try again.');
  } finally {
    setBusy(false);
  }
}

/** @param {{ tokenRequestId: string, validateUrl?: string }} data */
function succeed({ tokenRequestId, validateUrl }) {
  /** @type {HTMLFormElement} */ (byId('card-form')).reset();
  byId('card-scheme').textContent = '';
  if (validateUrl) {
    window.location.href = validateUrl;
    return;
  }
  if (awaited.has(tokenRequestId)) notify('wait', 'The gateway took the card. The token comes to the shop by webhook…');
}

/** @param {{ message: string, field?: string }} error */
function fail({ message, field }) {
  inputs.cvv.value = '';
  notify('bad', message);
  const at = fields.find((name) => name === field);
  if (!at) return;
  mark(at, message);
  inputs[at].focus();
}

/** Marks the field when it is wrong. @param {Field} field @returns {boolean} whether it is right */
function check(field) {
  const mistake = mistakeOf(field);
  mark(field, mistake);
  return mistake === '';
}

/** @param {Field} field */
const mistakeOf = (field) => mistakes[field]?.(inputs[field].value) ?? '';

/** @param {Field} field */
const isMarked = (field) => inputs[field].getAttribute('aria-invalid') === 'true';

/** @param {Field} field @param {string} mistake */
function mark(field, mistake) {
  inputs[field].setAttribute('aria-invalid', String(mistake !== ''));
  byId(`${inputs[field].id}-error`).textContent = mistake;
}

/** Rewrites only while the cursor is at the end, so that corrections in the middle are not disturbed. @param {HTMLInputElement} input @param {(text: string) => string} format */
function formatWhileTyping(input, format) {
  input.addEventListener('input', (event) => {
    const isDeleting = event instanceof InputEvent && event.inputType.startsWith('delete');
    if (!isDeleting && input.selectionStart === input.value.length) input.value = format(input.value);
  });
  input.addEventListener('blur', () => {
    input.value = format(input.value);
  });
}

/** @param {boolean} busy - the button keeps the focus, and says that it is at work */
function setBusy(busy) {
  button.ariaDisabled = String(busy);
  button.textContent = busy ? 'Saving…' : 'Save card';
}
