/**
 * The forms that name a card: one that is saved, or a new one. The new card's fields belong to no form: nothing but a script
 * can send them, and ours sends them encrypted only.
 */
import type { CardSummary } from '../tokenization/card-summary.ts';
import type { CheckoutText } from './checkout-text.ts';
import { type Html, html } from './html.ts';

/** `reference` names the card to us alone. */
export interface SavedCard {
  readonly reference: string;
  readonly card: CardSummary;
}

/** Why what was sent was not taken, for the shopper. */
export interface Refusal {
  readonly reason: keyof CheckoutText['refused'];
  /** The field that is wrong, where that is known. */
  readonly member: string | undefined;
}

/** Where the forms are sent, and what their buttons say. */
export interface CardForms {
  readonly address: string;
  readonly saved: readonly SavedCard[];
  readonly useSaved: string;
  /** `tsess_…`: what the new card is encrypted to. */
  readonly sessionId: string;
  readonly useNew: string;
  /** A shopper with a name may keep a card. */
  readonly maySave: boolean;
  readonly isSandbox: boolean;
  readonly refused?: Refusal | undefined;
}

/** A card's mark and last digits. */
export const cardLine = ({ scheme, masked, expiry }: CardSummary): Html =>
  html`<span class="brand" data-scheme="${scheme}">${scheme}</span> <span class="digits">•••• ${masked.slice(-4)}</span> <span class="faint">${expiry}</span>`;

/** Chooses among saved cards: `savedCard`, with the action `saved`. */
export function savedForm({ saved, address, useSaved }: CardForms, text: CheckoutText): Html {
  const rows = saved.map(
    ({ reference, card }, at) =>
      html`<label class="choice"><input type="radio" name="savedCard" value="${reference}" ${at === 0 && html`checked`}>
      ${cardLine(card)}</label>`,
  );
  return html`<form method="post" action="${address}">
      <fieldset><legend>${text.saved}</legend>${rows.reduce((all, row) => html`${all}${row}`)}</fieldset>
      <div class="buttons"><button name="action" value="saved">${useSaved}</button></div>
    </form>`;
}

/** Takes a new card: `encryptedCard`, with the action `card`. */
export function cardForm(form: CardForms, text: CheckoutText): Html {
  const { address, sessionId, maySave, isSandbox, saved, useNew, refused } = form;
  const field = fieldIn(refused?.member);
  return html`<form method="post" action="${address}" id="card" data-session="${sessionId}" data-processing="${text.processing}" ${!isSandbox && html`data-strict="true"`}>
      ${saved.length > 0 && html`<h2>${text.otherCard}</h2>`}
      <noscript><p class="wrong">${text.needsScript}</p></noscript>
      ${field('pan', 'cardNumber', { label: text.pan, wrong: text.wrongPan, autocomplete: 'cc-number', length: 23 })}
      <div class="pair">
        ${field('expiry', 'expiry', { label: text.expiry, wrong: text.wrongExpiry, autocomplete: 'cc-exp', length: 9 })}
        ${field('cvv', 'cvv', { label: text.cvv, wrong: text.wrongCvv, autocomplete: 'cc-csc', length: 4 })}
      </div>
      ${field('name', 'cardholderName', { label: text.name, wrong: text.wrongName, autocomplete: 'cc-name', length: 128 })}
      ${maySave && html`<label class="choice"><input type="checkbox" name="saveCard" value="yes"> ${text.save}</label>`}
      <input type="hidden" name="encryptedCard" value="">
      <div class="buttons" data-testid="pay"><button type="submit" name="action" value="card" ${saved.length > 0 && html`class="quiet"`}>${useNew}</button></div>
    </form>`;
}

interface Field {
  readonly label: string;
  readonly wrong: string;
  readonly autocomplete: string;
  readonly length: number;
}

/** @param refused - the member that is marked, and where the shopper goes on typing */
const fieldIn =
  (refused: string | undefined) =>
  (member: string, name: string, { label, wrong, autocomplete, length }: Field): Html => {
    const id = `payMethodProperties.card.${member}`;
    const isWrong = member === refused;
    return html`<div class="field">
        <label for="${id}">${label}</label>
        <input id="${id}" name="${name}" form="unsent" data-member="${member}" autocomplete="${autocomplete}" maxlength="${length}" required
          ${member !== 'name' && html`inputmode="numeric"`} spellcheck="false" autocapitalize="off" aria-describedby="${id}.wrong"
          ${isWrong && html`aria-invalid="true" autofocus`}>
        ${member === 'pan' && html`<span class="brand" id="brand" aria-live="polite"></span>`}
        <p class="wrong" id="${id}.wrong" data-wrong="${wrong}">${isWrong && wrong}</p>
      </div>`;
  };
