/** A value that never prints: not in strings, JSON, inspection or logs. Only `reveal()` gives it out. */
import { inspect } from 'node:util';

const shown = '[secret]';

export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself. Keep it in as small a scope as possible. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}
