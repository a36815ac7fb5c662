/**
 * The seam to 3-D Secure: what passes between us (the 3DS server), the directory server and the issuer's ACS, under the
 * names of EMV 3-D Secure 2.2. The card number is lent beside the message, never inside it. A provider knows no token and
 * no order. Members that a real directory server wants beyond these (device data, numeric currencies) are its adapter's.
 */
import type { CardBuffer } from '../vault/card-buffer.ts';

export const messageVersion = '2.2.0';

/** Y authenticated · A attempted · N not · U could not be told · R rejected by the issuer · C the shopper must be asked. */
export type TransStatus = 'Y' | 'A' | 'N' | 'U' | 'R' | 'C';

/** Which transaction, as each of the three parties calls it; UUIDs. */
interface TransactionIds {
  readonly threeDSServerTransID: string;
  readonly acsTransID: string;
  readonly dsTransID: string;
}

interface Message<Type extends string> {
  readonly messageType: Type;
  readonly messageVersion: typeof messageVersion;
}

/** 3DS server → directory server → ACS: may this be done? */
export interface AReq extends Message<'AReq'> {
  readonly threeDSServerTransID: string;
  /** `02`: a browser. */
  readonly deviceChannel: '02';
  /** `01` a payment, `02` no payment: a card is being bound. */
  readonly messageCategory: '01' | '02';
  /** `01` no preference, `04` a challenge is mandated. */
  readonly threeDSRequestorChallengeInd: '01' | '04';
  readonly merchantName: string;
  /** Minor units. */
  readonly purchaseAmount: string;
  /** ISO 4217, letters. */
  readonly purchaseCurrency: string;
}

/** What an issuer says about a transaction. */
export interface Verdict {
  readonly transStatus: TransStatus;
  /** EMV's two digits, e.g. `01` authentication failed, `19` too many tries, `22` the ACS has a fault. */
  readonly transStatusReason?: string;
  /** Two digits, of the scheme. */
  readonly eci?: string;
  /** Proof of the authentication, base64 of 20 bytes. */
  readonly authenticationValue?: string;
}

/** The answer to an AReq. */
export interface ARes extends Message<'ARes'>, TransactionIds, Verdict {}

/** `01` 250x400 · `02` 390x400 · `03` 500x600 · `04` 600x400 · `05` the whole page. */
type ChallengeWindowSize = '01' | '02' | '03' | '04' | '05';

/** Browser → ACS: open the challenge, answer it, or give it up. */
export interface CReq extends Message<'CReq'> {
  readonly threeDSServerTransID: string;
  readonly acsTransID: string;
  readonly challengeWindowSize: ChallengeWindowSize;
  /** What the shopper typed. */
  readonly challengeDataEntry?: string;
  /** `01`: the shopper cancels. */
  readonly challengeCancel?: '01';
}

/** ACS → browser. It decides nothing: the result comes by RReq. */
export interface CRes extends Message<'CRes'> {
  readonly threeDSServerTransID: string;
  readonly acsTransID: string;
  /** `Y`: there is nothing more to ask. */
  readonly challengeCompletionInd: 'Y' | 'N';
  readonly transStatus?: TransStatus;
  /** `Y`: what was typed before is not right. */
  readonly challengeInfoTextIndicator: 'Y' | 'N';
  /** What the challenge page may show, beyond EMV's own members. */
  readonly messageExtension: {
    readonly triesLeft: number;
    /** A simulated issuer tells the code that a real one would send to a phone. */
    readonly simulatedCode?: string;
  };
}

/** ACS → directory server → 3DS server: how the challenge ended. */
export interface RReq extends Message<'RReq'>, TransactionIds, Verdict {
  /** `01` the shopper cancelled. */
  readonly challengeCancel?: string;
}

/** 3DS server → directory server: the result is received. */
interface RRes extends Message<'RRes'>, TransactionIds {
  /** `01` it was taken, `02` it was not. */
  readonly resultsStatus: '01' | '02';
}

export interface ThreeDsProvider {
  /**
   * Whether the card's range takes part in 3-D Secure at all. A range that may is asked about.
   *
   * @param masked - `400000******1000`
   */
  takesPart(masked: string): boolean;
  /** @param card - lent for the length of the call */
  authenticate(request: AReq, card: CardBuffer): Promise<ARes>;
  challenge(request: CReq): Promise<CRes>;
  /** The result, once there is one, however often it is asked for. */
  result(threeDSServerTransID: string): Promise<RReq | undefined>;
  acknowledge(answer: RRes): Promise<void>;
}
