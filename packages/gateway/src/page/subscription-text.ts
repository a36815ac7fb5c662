/** What the management page says. Labels of the sandbox's buttons are as published and as scripts look for them (contract section 20). */
import type { SubscriptionStatus } from '@waffo/protocol/statuses';
import type { Locale } from './challenge-text.ts';

export interface SubscriptionText {
  readonly title: string;
  readonly plan: string;
  readonly state: string;
  readonly nextPayment: string;
  readonly noPayment: string;
  readonly card: string;
  readonly addCard: string;
  readonly changeCard: string;
  readonly confirmHint: string;
  readonly useCard: string;
  readonly back: string;
  readonly backTo: (merchant: string) => string;
  readonly cancel: string;
  readonly cancelQuestion: string;
  readonly cancelHint: string;
  readonly history: string;
  readonly date: string;
  readonly amount: string;
  readonly result: string;
  readonly paid: string;
  readonly notPaid: string;
  readonly refunded: string;
  readonly refundedPart: (amount: string) => string;
  readonly simulator: string;
  readonly succeed: string;
  readonly fail: string;
  readonly notConfirmed: string;
  readonly notBegun: string;
  readonly states: Readonly<Record<SubscriptionStatus, string>>;
}

const en: SubscriptionText = {
  title: 'Your subscription',
  plan: 'Plan',
  state: 'Status',
  nextPayment: 'Next payment',
  noPayment: 'None',
  card: 'Card',
  addCard: 'Enter card',
  changeCard: 'Change card',
  confirmHint: 'Your bank will ask you to confirm it. Nothing is charged now.',
  useCard: 'Use this card',
  back: 'Back',
  backTo: (merchant) => `Back to ${merchant}`,
  cancel: 'Cancel Subscription',
  cancelQuestion: 'Do you want to end this subscription?',
  cancelHint: 'It ends now. Nothing more is charged; what was paid is not paid back.',
  history: 'Billing History',
  date: 'Date',
  amount: 'Amount',
  result: 'Result',
  paid: 'Paid',
  notPaid: 'Not paid',
  refunded: 'Refunded',
  refundedPart: (amount) => `Paid, ${amount} refunded`,
  simulator: 'Sandbox: no money moves. The next period is charged at once.',
  succeed: 'Simulate next payment succeeded',
  fail: 'Simulate next payment failed',
  notConfirmed: 'This card could not be confirmed. The subscription keeps the card that it had.',
  notBegun: 'This card could not be confirmed. Try again, or another one.',
  states: {
    AUTHORIZATION_REQUIRED: 'Waiting for you',
    IN_PROGRESS: 'In progress',
    ACTIVE: 'Active',
    CLOSE: 'Not begun',
    MERCHANT_CANCELLED: 'Ended by the shop',
    USER_CANCELLED: 'Cancelled',
    CHANNEL_CANCELLED: 'Ended by your bank',
    EXPIRED: 'Completed',
  },
};

const zhHans: SubscriptionText = {
  title: '您的订阅',
  plan: '方案',
  state: '状态',
  nextPayment: '下次扣款',
  noPayment: '无',
  card: '银行卡',
  addCard: '填写银行卡',
  changeCard: '更换银行卡',
  confirmHint: '发卡行会请您确认，现在不会扣款。',
  useCard: '使用此卡',
  back: '返回',
  backTo: (merchant) => `返回 ${merchant}`,
  cancel: '取消订阅',
  cancelQuestion: '要结束此订阅吗？',
  cancelHint: '订阅将立即结束，不再扣款；已付款项不退还。',
  history: '账单记录',
  date: '日期',
  amount: '金额',
  result: '结果',
  paid: '已支付',
  notPaid: '未支付',
  refunded: '已退款',
  refundedPart: (amount) => `已支付，退款 ${amount}`,
  simulator: '沙盒环境：不会产生真实扣款。下一期将立即扣款。',
  succeed: '模拟下一期付款成功',
  fail: '模拟下一期付款失败',
  notConfirmed: '此卡未能确认，订阅仍使用原来的卡。',
  notBegun: '此卡未能确认，请重试或使用其他卡。',
  states: {
    AUTHORIZATION_REQUIRED: '等待您操作',
    IN_PROGRESS: '处理中',
    ACTIVE: '有效',
    CLOSE: '未开始',
    MERCHANT_CANCELLED: '已由商户结束',
    USER_CANCELLED: '已取消',
    CHANNEL_CANCELLED: '已由发卡行结束',
    EXPIRED: '已完成',
  },
};

const zhHant: SubscriptionText = {
  title: '您的訂閱',
  plan: '方案',
  state: '狀態',
  nextPayment: '下次扣款',
  noPayment: '無',
  card: '銀行卡',
  addCard: '填寫銀行卡',
  changeCard: '更換銀行卡',
  confirmHint: '發卡行會請您確認，現在不會扣款。',
  useCard: '使用此卡',
  back: '返回',
  backTo: (merchant) => `返回 ${merchant}`,
  cancel: '取消訂閱',
  cancelQuestion: '要結束此訂閱嗎？',
  cancelHint: '訂閱將立即結束，不再扣款；已付款項不退還。',
  history: '帳單記錄',
  date: '日期',
  amount: '金額',
  result: '結果',
  paid: '已支付',
  notPaid: '未支付',
  refunded: '已退款',
  refundedPart: (amount) => `已支付，退款 ${amount}`,
  simulator: '沙盒環境：不會產生真實扣款。下一期將立即扣款。',
  succeed: '模擬下一期付款成功',
  fail: '模擬下一期付款失敗',
  notConfirmed: '此卡未能確認，訂閱仍使用原來的卡。',
  notBegun: '此卡未能確認，請重試或使用其他卡。',
  states: {
    AUTHORIZATION_REQUIRED: '等待您操作',
    IN_PROGRESS: '處理中',
    ACTIVE: '有效',
    CLOSE: '未開始',
    MERCHANT_CANCELLED: '已由商戶結束',
    USER_CANCELLED: '已取消',
    CHANNEL_CANCELLED: '已由發卡行結束',
    EXPIRED: '已完成',
  },
};

const ja: SubscriptionText = {
  title: '定期購入の管理',
  plan: 'プラン',
  state: '状態',
  nextPayment: '次回のお支払い',
  noPayment: 'なし',
  card: 'カード',
  addCard: 'カードを入力する',
  changeCard: 'カードを変更する',
  confirmHint: 'カード会社によるご本人確認があります。今回の請求はありません。',
  useCard: 'このカードを使う',
  back: '戻る',
  backTo: (merchant) => `${merchant}に戻る`,
  cancel: '定期購入を解約する',
  cancelQuestion: 'この定期購入を解約しますか？',
  cancelHint: 'すぐに終了し、以後の請求はありません。お支払い済みの分は返金されません。',
  history: 'お支払い履歴',
  date: '日付',
  amount: '金額',
  result: '結果',
  paid: '支払い済み',
  notPaid: '未払い',
  refunded: '返金済み',
  refundedPart: (amount) => `支払い済み（${amount} 返金）`,
  simulator: 'サンドボックス：実際の請求はありません。次回分がすぐに請求されます。',
  succeed: '次回の支払い成功をシミュレート',
  fail: '次回の支払い失敗をシミュレート',
  notConfirmed: 'このカードは確認できませんでした。これまでのカードがそのまま使われます。',
  notBegun: 'このカードは確認できませんでした。もう一度試すか、別のカードをお使いください。',
  states: {
    AUTHORIZATION_REQUIRED: '手続き待ち',
    IN_PROGRESS: '処理中',
    ACTIVE: '有効',
    CLOSE: '開始前に終了',
    MERCHANT_CANCELLED: 'ショップにより終了',
    USER_CANCELLED: '解約済み',
    CHANNEL_CANCELLED: 'カード会社により終了',
    EXPIRED: '完了',
  },
};

export const subscriptionTexts: Readonly<Record<Locale, SubscriptionText>> = {
  en,
  'zh-Hans': zhHans,
  'zh-Hant': zhHant,
  ja,
};
