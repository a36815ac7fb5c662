/** Every operation of the API. A new one is added here and nowhere else in this package. */
import * as order from './order.ts';
import * as tokenization from './tokenization.ts';

export const operations = [
  tokenization.generate,
  tokenization.submit,
  tokenization.inquiry,
  tokenization.remove,
  order.create,
  order.inquiry,
] as const;
