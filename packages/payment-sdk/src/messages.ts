/** What a shopper is told, by language. Short, polite, and it says what to do next. No message has a place for card data. */
import type { Locale } from '@waffo/protocol/locale';

const en = {
  pan: 'Check the card number.',
  expiry: 'Enter the expiry date as MM/YYYY.',
  expired: 'This card has expired. Use another card.',
  cvv: 'Check the security code on the card.',
  name: 'Enter the name as it is on the card.',
  card: 'Check the card details.',
  address: 'Check the billing address.',
  unsupported: 'This type of card is not accepted. Use another card.',
  declined: 'The card was declined. Use another card.',
  limit: 'No more cards can be saved. Remove one first.',
  session: 'This form has expired or was already used. Reload the page and try again.',
  setup: 'Cards cannot be saved here at the moment. Please contact the shop.',
  busy: 'The payment service is busy. Please try again in a moment.',
  network: 'The payment service could not be reached. Check your connection and try again.',
  unknown: 'We cannot tell yet whether the card was saved. Please look at your saved cards before you try again.',
  insecure: 'This page is not secure (HTTPS), so the card was not sent.',
};

/** Names a message. */
export type MessageKey = keyof typeof en;

const messages: Readonly<Record<Locale, Readonly<Record<MessageKey, string>>>> = {
  en,
  'zh-Hans': {
    pan: '请检查卡号。',
    expiry: '请按 MM/YYYY 格式输入有效期。',
    expired: '此卡已过期，请换一张卡。',
    cvv: '请检查卡片安全码。',
    name: '请输入卡片上的持卡人姓名。',
    card: '请检查卡片信息。',
    address: '请检查账单地址。',
    unsupported: '不支持此类卡片，请换一张卡。',
    declined: '此卡被拒绝，请换一张卡。',
    limit: '保存的卡片数量已达上限，请先移除一张。',
    session: '此表单已过期或已提交，请刷新页面后重试。',
    setup: '目前无法在此保存卡片，请联系商家。',
    busy: '支付服务繁忙，请稍后重试。',
    network: '无法连接支付服务，请检查网络后重试。',
    unknown: '暂时无法确认卡片是否已保存，重试前请先查看已保存的卡片。',
    insecure: '此页面不安全（非 HTTPS），卡片信息未发送。',
  },
  'zh-Hant': {
    pan: '請檢查卡號。',
    expiry: '請以 MM/YYYY 格式輸入有效期限。',
    expired: '此卡已過期，請改用其他卡片。',
    cvv: '請檢查卡片安全碼。',
    name: '請輸入卡片上的持卡人姓名。',
    card: '請檢查卡片資料。',
    address: '請檢查帳單地址。',
    unsupported: '不接受此類卡片，請改用其他卡片。',
    declined: '此卡被拒絕，請改用其他卡片。',
    limit: '已儲存的卡片數量已達上限，請先移除一張。',
    session: '此表單已過期或已提交，請重新載入頁面再試。',
    setup: '目前無法在此儲存卡片，請聯絡商家。',
    busy: '付款服務忙碌中，請稍後再試。',
    network: '無法連線至付款服務，請檢查網路後再試。',
    unknown: '暫時無法確認卡片是否已儲存，重試前請先查看已儲存的卡片。',
    insecure: '此頁面不安全（非 HTTPS），卡片資料未傳送。',
  },
  ja: {
    pan: 'カード番号をご確認ください。',
    expiry: '有効期限を MM/YYYY の形式で入力してください。',
    expired: 'このカードは有効期限が切れています。別のカードをお使いください。',
    cvv: 'セキュリティコードをご確認ください。',
    name: 'カードに記載された名義人名を入力してください。',
    card: 'カード情報をご確認ください。',
    address: '請求先住所をご確認ください。',
    unsupported: 'この種類のカードはご利用いただけません。別のカードをお使いください。',
    declined: 'カードが承認されませんでした。別のカードをお使いください。',
    limit: '登録できるカードの上限に達しました。先に 1 枚削除してください。',
    session: 'このフォームは期限切れか送信済みです。ページを再読み込みしてお試しください。',
    setup: '現在こちらではカードを登録できません。ショップにお問い合わせください。',
    busy: '決済サービスが混み合っています。しばらくしてからお試しください。',
    network: '決済サービスに接続できません。通信状況を確認してもう一度お試しください。',
    unknown: 'カードが登録されたかまだ確認できません。再試行の前に登録済みカードをご確認ください。',
    insecure: 'このページは安全（HTTPS）ではないため、カード情報は送信されませんでした。',
  },
};

/** @returns the message in the shopper's language */
export const messageIn = (locale: Locale, key: MessageKey): string => messages[locale][key];
