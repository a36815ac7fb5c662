/** What the checkout page says. Headings of results, and labels of the sandbox's buttons, are as published (contract section 20). */
import type { Locale } from './challenge-text.ts';

export interface CheckoutText {
  readonly title: string;
  readonly saved: string;
  readonly paySaved: string;
  readonly otherCard: string;
  readonly pan: string;
  readonly expiry: string;
  readonly cvv: string;
  readonly name: string;
  readonly wrongPan: string;
  readonly wrongExpiry: string;
  readonly wrongCvv: string;
  readonly wrongName: string;
  readonly save: string;
  readonly pay: string;
  /** The same of a subscription's first payment: title, button and heading of its success. */
  readonly subscription: string;
  readonly subscribe: string;
  readonly subscribed: string;
  readonly cancel: string;
  readonly simulator: string;
  /** Above the list of methods that the sandbox plays, and its first entry. */
  readonly method: string;
  readonly card: string;
  readonly succeed: string;
  readonly fail: string;
  readonly needsScript: string;
  /** What is wrong with what was sent. */
  readonly refused: Readonly<Record<'card' | 'method' | 'later' | 'excluded' | 'unpromoted', string>>;
  readonly processing: string;
  /** In a frame, when the bank wants to see the shopper. */
  readonly bank: string;
  readonly toBank: string;
  readonly confirm: string;
  readonly close: string;
  readonly ends: Readonly<Record<'success' | 'failed' | 'cancelled', string>>;
  /** Below the heading, how it came to that. */
  readonly causes: Readonly<Record<'declined' | 'cancelled' | 'expired', string>>;
}

const en: CheckoutText = {
  title: 'Payment',
  saved: 'Saved cards',
  paySaved: 'Pay with this card',
  otherCard: 'Another card',
  pan: 'Card number',
  expiry: 'Expiry (MM/YY)',
  cvv: 'Security code',
  name: 'Name on card',
  wrongPan: 'Check the card number.',
  wrongExpiry: 'Check the expiry date, e.g. 09/28.',
  wrongCvv: 'The security code has three or four digits.',
  wrongName: 'Enter the name as it is on the card.',
  save: 'Save this card for next time',
  pay: 'Pay',
  subscription: 'Subscription',
  subscribe: 'Subscribe',
  subscribed: 'Subscription successful',
  cancel: 'Cancel and go back',
  simulator: 'Sandbox: no money moves. Choose how it ends.',
  method: 'Payment method',
  card: 'Card',
  succeed: 'Payment succeeded',
  fail: 'Payment failed',
  needsScript: 'Your card is encrypted in this browser, which needs JavaScript. Turn it on to pay with a new card.',
  refused: {
    card: 'This card cannot be used. Check the details, or take another card.',
    method: 'This kind of card is not accepted here. Please take another card.',
    later: 'Too many tries. Please try again later.',
    excluded: 'This payment is for certain cards only, and this is none of them. Please take another card.',
    unpromoted: 'This offer is for certain cards only, and this is none of them. Please take another card.',
  },
  processing: 'Processing…',
  bank: 'Your bank wants to confirm that it is you.',
  toBank: 'Continue to your bank',
  confirm: 'Confirm',
  close: 'You can close this page.',
  ends: { success: 'Payment Successful', failed: 'Payment Failed', cancelled: 'Payment Cancelled' },
  causes: {
    declined: 'Your bank did not approve the payment. Nothing was charged.',
    cancelled: 'Nothing was charged.',
    expired: 'The time to pay is over. Nothing was charged.',
  },
};

const zhHans: CheckoutText = {
  title: '支付',
  saved: '已保存的卡',
  paySaved: '使用此卡支付',
  otherCard: '其他卡',
  pan: '卡号',
  expiry: '有效期（月/年）',
  cvv: '安全码',
  name: '持卡人姓名',
  wrongPan: '请检查卡号。',
  wrongExpiry: '请检查有效期，例如 09/28。',
  wrongCvv: '安全码为三位或四位数字。',
  wrongName: '请输入卡上的姓名。',
  save: '保存此卡以便下次使用',
  pay: '支付订单',
  subscription: '订阅',
  subscribe: '确认订阅',
  subscribed: '订阅成功',
  cancel: '取消并返回',
  simulator: '沙盒环境：不会产生真实扣款。请选择结果。',
  method: '支付方式',
  card: '银行卡',
  succeed: '付款成功',
  fail: '付款失败',
  needsScript: '您的卡信息将在浏览器中加密，这需要 JavaScript。请启用后再使用新卡支付。',
  refused: {
    card: '此卡无法使用。请检查卡信息或更换其他卡。',
    method: '此处不支持这种卡，请更换其他卡。',
    later: '尝试次数过多，请稍后再试。',
    excluded: '此付款仅限指定卡，此卡不在其中。请更换其他卡。',
    unpromoted: '此优惠仅限指定卡，此卡不在其中。请更换其他卡。',
  },
  processing: '处理中…',
  bank: '发卡行需要确认是您本人在付款。',
  toBank: '前往发卡行',
  confirm: '确认',
  close: '您可以关闭此页面。',
  ends: { success: '支付成功', failed: '支付失败', cancelled: '支付已取消' },
  causes: {
    declined: '发卡行未批准此次支付，未扣款。',
    cancelled: '未扣款。',
    expired: '支付时间已过，未扣款。',
  },
};

const zhHant: CheckoutText = {
  title: '付款',
  saved: '已儲存的卡',
  paySaved: '使用此卡付款',
  otherCard: '其他卡',
  pan: '卡號',
  expiry: '有效期限（月/年）',
  cvv: '安全碼',
  name: '持卡人姓名',
  wrongPan: '請檢查卡號。',
  wrongExpiry: '請檢查有效期限，例如 09/28。',
  wrongCvv: '安全碼為三位或四位數字。',
  wrongName: '請輸入卡上的姓名。',
  save: '儲存此卡以便下次使用',
  pay: '支付訂單',
  subscription: '訂閱',
  subscribe: '確認訂閱',
  subscribed: '訂閱成功',
  cancel: '取消並返回',
  simulator: '沙盒環境：不會產生真實扣款。請選擇結果。',
  method: '付款方式',
  card: '銀行卡',
  succeed: '付款成功',
  fail: '付款失敗',
  needsScript: '您的卡片資料將在瀏覽器中加密，這需要 JavaScript。請啟用後再使用新卡付款。',
  refused: {
    card: '此卡無法使用。請檢查卡片資料或更換其他卡。',
    method: '此處不支援這種卡，請更換其他卡。',
    later: '嘗試次數過多，請稍後再試。',
    excluded: '此付款僅限指定卡片，此卡不在其中。請更換其他卡。',
    unpromoted: '此優惠僅限指定卡片，此卡不在其中。請更換其他卡。',
  },
  processing: '處理中…',
  bank: '發卡行需要確認是您本人付款。',
  toBank: '前往發卡行',
  confirm: '確認',
  close: '您可以關閉此頁面。',
  ends: { success: '支付成功', failed: '支付失敗', cancelled: '付款已取消' },
  causes: {
    declined: '發卡行未核准此次付款，未扣款。',
    cancelled: '未扣款。',
    expired: '付款時間已過，未扣款。',
  },
};

const ja: CheckoutText = {
  title: 'お支払い',
  saved: '保存済みのカード',
  paySaved: 'このカードで支払う',
  otherCard: '別のカード',
  pan: 'カード番号',
  expiry: '有効期限（月/年）',
  cvv: 'セキュリティコード',
  name: 'カード名義人',
  wrongPan: 'カード番号をご確認ください。',
  wrongExpiry: '有効期限をご確認ください（例：09/28）。',
  wrongCvv: 'セキュリティコードは3桁または4桁です。',
  wrongName: 'カードに記載の名義を入力してください。',
  save: '次回のためにこのカードを保存する',
  pay: '支払う',
  subscription: '定期購入のお申し込み',
  subscribe: '定期購入を申し込む',
  subscribed: 'お申し込みが完了しました',
  cancel: 'キャンセルして戻る',
  simulator: 'サンドボックス：実際の請求はありません。結果を選んでください。',
  method: 'お支払い方法',
  card: 'カード',
  succeed: '支払い成功',
  fail: '支払い失敗',
  needsScript:
    'カード情報はブラウザで暗号化されるため、JavaScriptが必要です。新しいカードで支払うには有効にしてください。',
  refused: {
    card: 'このカードは使用できません。内容を確認するか、別のカードをお使いください。',
    method: 'この種類のカードはご利用いただけません。別のカードをお使いください。',
    later: '試行回数が多すぎます。しばらくしてからお試しください。',
    excluded: 'このお支払いは対象カード限定です。このカードは対象外です。別のカードをお使いください。',
    unpromoted: 'この特典は対象カード限定です。このカードは対象外です。別のカードをお使いください。',
  },
  processing: '処理中…',
  bank: 'カード会社によるご本人確認が必要です。',
  toBank: 'カード会社の画面へ進む',
  confirm: '確認する',
  close: 'このページを閉じてかまいません。',
  ends: {
    success: 'お支払いが完了しました',
    failed: 'お支払いできませんでした',
    cancelled: 'お支払いはキャンセルされました',
  },
  causes: {
    declined: 'カード会社がお支払いを承認しませんでした。請求はありません。',
    cancelled: '請求はありません。',
    expired: 'お支払いの期限が過ぎました。請求はありません。',
  },
};

export const checkoutTexts: Readonly<Record<Locale, CheckoutText>> = { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant, ja };
