/** Every operation of the API. A new one is added here and nowhere else in this package. */
import * as config from './contract-config.ts';
import * as order from './order.ts';
import { cancel } from './order-cancel.ts';
import { capture } from './order-capture.ts';
import * as refund from './refund.ts';
import * as subscription from './subscription.ts';
import * as subscriptionChange from './subscription-change.ts';
import * as tokenization from './tokenization.ts';

export const operations = [
  tokenization.generate,
  tokenization.submit,
  tokenization.inquiry,
  tokenization.remove,
  order.create,
  order.inquiry,
  cancel,
  capture,
  refund.refund,
  refund.inquiry,
  subscription.create,
  subscription.inquiry,
  subscription.cancel,
  subscription.update,
  subscription.manage,
  subscriptionChange.change,
  subscriptionChange.changeInquiry,
  config.merchantConfig,
  config.payMethodConfig,
] as const;
