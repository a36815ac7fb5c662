/** The acknowledgement that counts as delivered, to the byte (contract 18.2). */
export const acknowledgement = '{"message":"success"}';
