/** Door 1: what a signed API call, or a browser's submission, does. One line each. */
import * as order from '@waffo/protocol/operations/order';
import * as tokenization from '@waffo/protocol/operations/tokenization';
import { type Route, route } from './http/route.ts';
import { create as createOrder } from './order/create.ts';
import { inquiry as inquireOrder } from './order/inquiry.ts';
import { generate } from './tokenization/generate.ts';
import { inquiry as inquireTokens } from './tokenization/inquiry.ts';
import { remove } from './tokenization/remove.ts';
import { submit } from './tokenization/submit.ts';

export const operations: readonly Route[] = [
  route(tokenization.generate, generate),
  route(tokenization.submit, submit),
  route(tokenization.inquiry, inquireTokens),
  route(tokenization.remove, remove),
  route(order.create, createOrder),
  route(order.inquiry, inquireOrder),
];
