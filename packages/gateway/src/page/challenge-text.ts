/** What the challenge page says, in the four languages of the browser SDK. */
import { type Locale, localeOf } from '@waffo/protocol/locale';

export type { Locale };

export interface ChallengeText {
  readonly title: string;
  readonly intro: string;
  readonly merchant: string;
  readonly amount: string;
  readonly card: string;
  readonly code: string;
  readonly submit: string;
  readonly cancel: string;
  readonly timeLimit: (minutes: number) => string;
  readonly wrong: (left: number) => string;
  readonly simulated: (code: string) => string;
  readonly issuer: string;
  readonly goOn: string;
  readonly close: string;
  /** Headings and texts of the ends. */
  readonly ends: Readonly<
    Record<'success' | 'failed' | 'cancelled' | 'expired' | 'pending' | 'unusable' | 'broken' | 'busy', string>
  >;
}

const en: ChallengeText = {
  title: 'Confirm that this is your card',
  intro: 'Your bank has sent you a one-time code. Enter it here to confirm.',
  merchant: 'Merchant',
  amount: 'Amount',
  card: 'Card',
  code: 'One-time code',
  submit: 'Confirm',
  cancel: 'Cancel',
  timeLimit: (minutes) => `This page is valid for ${minutes} minutes.`,
  wrong: (left) =>
    left === 1 ? 'This code is not right. One try left.' : `This code is not right. ${left} tries left.`,
  simulated: (code) => `Sandbox: no message is sent. The code is ${code}.`,
  issuer: 'Your bank',
  goOn: 'Continue to the shop',
  close: 'You can close this page.',
  ends: {
    success: 'Your card is confirmed.',
    failed: 'Your card could not be confirmed.',
    cancelled: 'You cancelled. Your card was not added.',
    expired: 'The time is over. Your card was not added.',
    pending: 'Your bank is still checking. The shop will be told.',
    unusable: 'This link cannot be used, or not any more. Go back to the shop and start again.',
    broken: 'Something went wrong on our side. Please reload this page.',
    busy: 'Too many tries. Please wait a moment, then go back and try again.',
  },
};

const zhHans: ChallengeText = {
  title: '确认这是您的卡',
  intro: '发卡行已向您发送一次性验证码。请在此输入以确认。',
  merchant: '商户',
  amount: '金额',
  card: '卡号',
  code: '一次性验证码',
  submit: '确认',
  cancel: '取消',
  timeLimit: (minutes) => `本页面在 ${minutes} 分钟内有效。`,
  wrong: (left) => `验证码不正确，还可尝试 ${left} 次。`,
  simulated: (code) => `沙盒环境：不会发送短信。验证码为 ${code}。`,
  issuer: '发卡行',
  goOn: '返回商户',
  close: '您可以关闭此页面。',
  ends: {
    success: '您的卡已确认。',
    failed: '无法确认您的卡。',
    cancelled: '您已取消，未添加此卡。',
    expired: '时间已到，未添加此卡。',
    pending: '发卡行仍在核验，结果将通知商户。',
    unusable: '此链接无法使用或已失效。请返回商户重新开始。',
    broken: '我们这边出了问题，请刷新此页面。',
    busy: '尝试次数过多。请稍候，然后返回重试。',
  },
};

const zhHant: ChallengeText = {
  title: '確認這是您的卡',
  intro: '發卡行已向您傳送一次性驗證碼。請在此輸入以確認。',
  merchant: '商戶',
  amount: '金額',
  card: '卡號',
  code: '一次性驗證碼',
  submit: '確認',
  cancel: '取消',
  timeLimit: (minutes) => `本頁面在 ${minutes} 分鐘內有效。`,
  wrong: (left) => `驗證碼不正確，尚可嘗試 ${left} 次。`,
  simulated: (code) => `沙盒環境：不會傳送簡訊。驗證碼為 ${code}。`,
  issuer: '發卡行',
  goOn: '返回商戶',
  close: '您可以關閉此頁面。',
  ends: {
    success: '您的卡已確認。',
    failed: '無法確認您的卡。',
    cancelled: '您已取消，未新增此卡。',
    expired: '時間已到，未新增此卡。',
    pending: '發卡行仍在核驗，結果將通知商戶。',
    unusable: '此連結無法使用或已失效。請返回商戶重新開始。',
    broken: '我們這邊出了問題，請重新載入此頁面。',
    busy: '嘗試次數過多。請稍候，然後返回重試。',
  },
};

const ja: ChallengeText = {
  title: 'ご本人のカードであることの確認',
  intro: 'カード会社からワンタイムコードが送信されました。こちらに入力してください。',
  merchant: '加盟店',
  amount: '金額',
  card: 'カード',
  code: 'ワンタイムコード',
  submit: '確認する',
  cancel: 'キャンセル',
  timeLimit: (minutes) => `このページの有効時間は${minutes}分です。`,
  wrong: (left) => `コードが正しくありません。あと${left}回入力できます。`,
  simulated: (code) => `サンドボックス：メッセージは送信されません。コードは${code}です。`,
  issuer: 'カード会社',
  goOn: 'ショップに戻る',
  close: 'このページを閉じてかまいません。',
  ends: {
    success: 'カードを確認しました。',
    failed: 'カードを確認できませんでした。',
    cancelled: 'キャンセルしました。カードは追加されていません。',
    expired: '時間切れです。カードは追加されていません。',
    pending: 'カード会社が確認中です。結果はショップに通知されます。',
    unusable: 'このリンクは使用できません。ショップに戻り、最初からやり直してください。',
    broken: '問題が発生しました。ページを再読み込みしてください。',
    busy: '試行回数が多すぎます。しばらく待ってから、戻ってやり直してください。',
  },
};

export const challengeTexts: Readonly<Record<Locale, ChallengeText>> = { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant, ja };

/**
 * The language that a browser likes best among ours.
 *
 * @param acceptLanguage - the header, or one BCP 47 tag
 * @example preferredLocale('fr, zh-TW;q=0.8, en;q=0.5') // 'zh-Hant'
 */
export function preferredLocale(acceptLanguage: string): Locale {
  const wanted = acceptLanguage
    .slice(0, 500)
    .split(',')
    .map((part) => part.trim().split(/\s*;\s*q=/))
    .map(([tag = '', weight = '1']) => ({ locale: localeOf(tag), weight: Number(weight) || 0 }))
    .filter(({ locale, weight }) => locale !== undefined && weight > 0)
    .sort((a, b) => b.weight - a.weight);
  return wanted[0]?.locale ?? 'en';
}
