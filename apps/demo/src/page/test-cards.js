/** Numbers that the sandbox knows, to copy. */
import { byId, element, unseen } from './element.js';
import { notify } from './notice.js';

const testCards = [
  { number: '4111 1111 1111 1111', effect: 'Visa, works' },
  { number: '2226 9000 0000 0110', effect: 'Mastercard, works' },
  { number: '3528 0000 0000 0214', effect: 'JCB, works' },
  { number: '4000 0000 0000 1000', effect: 'the bank asks for the code 1234' },
  { number: '4576 7500 0000 0220', effect: 'declined when it is saved' },
  { number: '4000 0000 0000 0341', effect: 'is saved, declined when it pays' },
];

export function showTestCards() {
  byId('test-cards').replaceChildren(...testCards.map(row));
}

/** @param {{ number: string, effect: string }} card */
function row({ number, effect }) {
  const copy = element('button', { type: 'button', class: 'quiet' }, 'Copy', unseen(` ${number}`));
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(number);
      notify('good', `Copied ${number}.`);
    } catch {
      notify('bad', 'This browser does not let the page copy. Select the number instead.');
    }
  });
  return element('li', {}, element('code', {}, number), element('span', {}, effect), copy);
}
