/**
 * The script of the gateway's hosted checkout page: checks a card as it is typed, encrypts it to the page's key, and posts
 * the envelope. It must never send or keep what was typed; the fields belong to no form, so that nothing else sends it.
 */

import { cleanPan, isExpired, parseExpiry, passesLuhn, schemeOf } from '@waffo/protocol/card';
import { seal } from '@waffo/protocol/envelope/seal';
import { groupDigits, withSlash } from './card-format.ts';

const form = document.querySelector<HTMLFormElement>('#card');
const fields = [...document.querySelectorAll<HTMLInputElement>('[data-member]')];
if (form !== null) watch(form);

// The terms of a subscription come before its card, and on a phone the keyboard would cover what is to be paid.
const first = fields[0];
const isAlone = document.querySelector('dl, [autofocus], [name=savedCard]') === null && window.top === window;
if (isAlone && matchMedia('(hover: hover) and (pointer: fine)').matches) first?.focus({ preventScroll: true });

function watch(card: HTMLFormElement): void {
  const button = card.querySelector<HTMLButtonElement>('button[type=submit]');
  const label = button?.textContent ?? '';
  let isSending = false;
  for (const field of fields) {
    field.addEventListener('blur', () => field.value !== '' && show(field));
    field.addEventListener('input', (event) => {
      format(field, event);
      if (field.getAttribute('aria-invalid') === 'true') show(field);
      if (field.dataset.member === 'pan') showBrand(field);
    });
    field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') card.requestSubmit(button);
    });
  }
  card.addEventListener('submit', (event) => {
    event.preventDefault();
    const wrong = fields.filter((field) => !show(field));
    wrong[0]?.focus();
    if (wrong.length > 0 || isSending || button === null) return;
    isSending = true;
    button.disabled = true;
    button.textContent = card.dataset.processing ?? label;
    void send(card);
  });
  // The back button shows the page as it was left.
  window.addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
}

/** Only while the cursor is at the end, and nothing is deleted: corrections in the middle are not disturbed. */
function format(field: HTMLInputElement, event: Event): void {
  const { member } = field.dataset;
  const isDeleting = event instanceof InputEvent && event.inputType.startsWith('delete');
  if (isDeleting || field.selectionStart !== field.value.length) return;
  if (member === 'pan') field.value = groupDigits(field.value);
  if (member === 'expiry') field.value = withSlash(field.value);
}

async function send(card: HTMLFormElement): Promise<void> {
  const pan = cleanPan(textOf('pan'));
  const envelope = await seal(card.dataset.session ?? '', {
    pan,
    expiry: expiryOf(textOf('expiry')),
    cvv: textOf('cvv'),
    name: textOf('name'),
  });
  const hidden = card.querySelector<HTMLInputElement>('[name=encryptedCard]');
  if (hidden !== null) hidden.value = envelope;
  for (const field of fields) field.value = '';
  card.submit();
}

function textOf(member: string): string {
  return fields.find((field) => field.dataset.member === member)?.value.trim() ?? '';
}

/** `09/28`, `0928`, `9 / 2028` → `09/2028` */
function expiryOf(text: string): string {
  const [, month = '', year = ''] = /^(\d{1,2})\s*[/-]?\s*(\d{2}|\d{4})$/.exec(text) ?? [];
  return `${month.padStart(2, '0')}/${year.length === 2 ? `20${year}` : year}`;
}

function isRight(member: string, value: string): boolean {
  const text = value.trim();
  if (member === 'pan') {
    const pan = cleanPan(text);
    return /^\d{12,19}$/.test(pan) && (form?.dataset.strict === undefined || passesLuhn(pan));
  }
  if (member === 'cvv') return /^\d{3,4}$/.test(text);
  if (member === 'name') return text !== '' && !/\d(?:[ -]?\d){11,}/.test(text);
  const expiry = parseExpiry(expiryOf(text));
  return expiry !== undefined && !isExpired(expiry, new Date());
}

/** Marks a field as it is. @returns whether it is right */
function show(field: HTMLInputElement): boolean {
  const right = isRight(field.dataset.member ?? '', field.value);
  const message = document.getElementById(`${field.id}.wrong`);
  if (right) field.removeAttribute('aria-invalid');
  else field.setAttribute('aria-invalid', 'true');
  if (message !== null) message.textContent = right ? '' : (message.dataset.wrong ?? '');
  return right;
}

/** Name and mark of the scheme that the number begins with; the style sheet draws the mark. */
function showBrand(field: HTMLInputElement): void {
  const brand = document.getElementById('brand');
  if (brand === null) return;
  const scheme = schemeOf(cleanPan(field.value));
  brand.textContent = scheme ?? '';
  if (scheme === undefined) delete brand.dataset.scheme;
  else brand.dataset.scheme = scheme;
}
