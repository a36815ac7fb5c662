/**
 * The shopper's addresses, as far as the contract has codes of their own for them (section 19, B0006 and B0007). Only what can
 * be no address at all is refused: whoever is stricter turns away shoppers.
 */
import { Fault } from '../fault.ts';

const email = /^[^\s@]+@[^\s@]+$/;
/** The published example is `+62-08990013157`; people also write spaces, dots, slashes, brackets and an extension. */
const phone = /^\+?[\d(][\d\s()./-]*(?:(?:ext|x)\.?\s*\d+)?$/i;

/**
 * @param shopper - `userInfo` of a request
 * @throws Fault EMAIL_INVALID, PHONE_INVALID
 */
export function checkShopper(shopper: { readonly userEmail: string; readonly userPhone?: string | undefined }): void {
  const { userEmail, userPhone } = shopper;
  if (!email.test(userEmail))
    throw new Fault('EMAIL_INVALID', 'userInfo.userEmail: expected an address, e.g. a@example.com');
  if (userPhone && !phone.test(userPhone)) {
    throw new Fault('PHONE_INVALID', 'userInfo.userPhone: expected digits, e.g. +62-08990013157');
  }
}
