/** The one failure of the card envelope. Its message never says what was inside, nor which check failed on the way in. */

/**
 * A card that does not fit the record, a session id that is none, or an envelope that does not open. Everything that goes
 * wrong with a received envelope has the same message, so that an attacker learns nothing from it.
 */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';

  constructor(message = 'the card envelope cannot be opened') {
    super(message);
  }
}
