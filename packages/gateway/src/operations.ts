/** Door 1: what a signed API call, or a browser's submission, does. One line each. */
import * as config from '@waffo/protocol/operations/contract-config';
import * as order from '@waffo/protocol/operations/order';
import { cancel } from '@waffo/protocol/operations/order-cancel';
import { capture } from '@waffo/protocol/operations/order-capture';
import * as refund from '@waffo/protocol/operations/refund';
import * as subscription from '@waffo/protocol/operations/subscription';
import * as subscriptionChange from '@waffo/protocol/operations/subscription-change';
import * as tokenization from '@waffo/protocol/operations/tokenization';
import { type Route, route } from './http/route.ts';
import { merchantConfig, payMethodConfig } from './merchant/config-inquiry.ts';
import { cancel as cancelOrder } from './order/cancel.ts';
import { capture as captureOrder } from './order/capture.ts';
import { create as createOrder } from './order/create.ts';
import { inquiry as inquireOrder } from './order/inquiry.ts';
import { inquiry as inquireRefund } from './refund/inquiry.ts';
import { refund as refundOrder } from './refund/request.ts';
import { cancel as cancelSubscription } from './subscription/cancel.ts';
import { change as changeSubscription } from './subscription/change.ts';
import { changeInquiry } from './subscription/change-inquiry.ts';
import { create as createSubscription } from './subscription/create.ts';
import { inquiry as inquireSubscription } from './subscription/inquiry.ts';
import { manage as manageSubscription } from './subscription/manage.ts';
import { update as updateSubscription } from './subscription/update.ts';
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
  route(cancel, cancelOrder),
  route(capture, captureOrder),
  route(refund.refund, refundOrder),
  route(refund.inquiry, inquireRefund),
  route(subscription.create, createSubscription),
  route(subscription.inquiry, inquireSubscription),
  route(subscription.cancel, cancelSubscription),
  route(subscription.update, updateSubscription),
  route(subscription.manage, manageSubscription),
  route(subscriptionChange.change, changeSubscription),
  route(subscriptionChange.changeInquiry, changeInquiry),
  route(config.merchantConfig, merchantConfig),
  route(config.payMethodConfig, payMethodConfig),
];
