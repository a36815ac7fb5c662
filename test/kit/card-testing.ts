/**
 * A card-testing attack among real shoppers, in virtual time, against the limits themselves: what an issuer is asked, it is
 * asked here. For the test at the size of CI and the command at full size.
 */
import type { VirtualClock } from '../../packages/gateway/src/clock.ts';
import type { CardTries } from '../../packages/gateway/src/limits/card-tries.ts';
import { CardBuffer } from '../../packages/gateway/src/vault/card-buffer.ts';

/** What the attack and the shoppers came to. */
export interface Toll {
  readonly attempts: number;
  /** Cards of the attacker that an issuer was asked about. */
  readonly reached: number;
  readonly shoppers: number;
  /** Shoppers who were turned away, for whatever reason; one who is asked by his issuer is not. */
  readonly refused: number;
}

interface Attempt {
  readonly network: string;
  readonly user: string;
  readonly pan: string;
}

/** Numbers of the attacker: one BIN from 500 addresses, and now and then many BINs from a single one. */
function attackerOf(number: number): Attempt {
  const digits = String(number).padStart(9, '0');
  const user = `mule_${Math.floor(number / 5)}`;
  if (number % 5 !== 0) return { network: `198.51.${number % 2}.${number % 250}`, user, pan: `4576750${digits}` };
  return { network: '192.0.2.66', user, pan: `5${digits.slice(-5)}0${digits}` };
}

/** One shopper in ten has the very BIN that is attacked. */
function shopperOf(number: number): Attempt {
  const digits = String(number).padStart(9, '0');
  const bin = number % 10 === 0 ? '4576750' : `41${String(number % 60).padStart(2, '0')}110`;
  return { network: `203.0.${number % 200}.${number % 250}`, user: `shopper_${number}`, pan: `${bin}${digits}` };
}

/**
 * Ten cards a second, and a shopper for every five of them, of whom one in ten is declined by his issuer.
 *
 * @param attempts - cards on the attacker's list; all are dead
 * @param onProgress - called now and then with how many were tried
 */
export async function runAttack(
  { tries, clock }: { readonly tries: CardTries; readonly clock: VirtualClock },
  attempts: number,
  onProgress: (done: number) => void = () => {},
): Promise<Toll> {
  const toll = { reached: 0, refused: 0 };
  for (let number = 0; number < attempts; number += 5) {
    clock.moveTo(new Date(clock.now().getTime() + 500));
    const attacks = [0, 1, 2, 3, 4].map(async (offset) => {
      const outcome = await tryCard(tries, attackerOf(number + offset), false);
      if (outcome === 'asked') toll.reached += 1;
    });
    const shopper = number / 5;
    const real = tryCard(tries, shopperOf(shopper), shopper % 10 !== 9).then((outcome) => {
      if (outcome === 'refused') toll.refused += 1;
    });
    await Promise.all([...attacks, real]);
    onProgress(number + 5);
  }
  return { attempts, shoppers: Math.ceil(attempts / 5), ...toll };
}

/** @returns whether the issuer was asked about the card, asked to see the shopper, or neither */
async function tryCard(
  tries: CardTries,
  attempt: Attempt,
  isAlive: boolean,
): Promise<'asked' | 'challenged' | 'refused'> {
  const expiry = { month: 12, year: 2030 };
  const card = CardBuffer.fromText({ pan: attempt.pan, expiry, cvv: '123', name: '' });
  try {
    await tries.admit(attempt.network);
    const { judgement, approved } = await tries.judge({
      merchantId: 'M_ATTACKED',
      merchantUserId: attempt.user,
      card,
      network: attempt.network,
    });
    if (judgement === 'challenge') {
      if (isAlive) await approved();
      return 'challenged';
    }
    if (judgement !== 'proceed') return 'refused';
    if (isAlive) await approved();
    return 'asked';
  } catch {
    return 'refused';
  } finally {
    card.dispose();
  }
}
