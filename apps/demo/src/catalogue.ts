/** What the shop sells. Prices are the server's: nothing monetary is taken from a browser. */

export interface Product {
  readonly productId: string;
  readonly name: string;
  /** Decimal string in `currency`. */
  readonly price: string;
}

export interface Plan {
  readonly planId: string;
  readonly name: string;
  /** Of a month: decimal string in `currency`. */
  readonly price: string;
}

export const currency = 'HKD';

/** None of the prices is one of the sandbox's trigger amounts. */
export const products: readonly Product[] = [
  { productId: 'teapot', name: 'Teapot', price: '100.00' },
  { productId: 'cup', name: 'Morning cup', price: '48.00' },
  { productId: 'vase', name: 'Bud vase', price: '160.00' },
];

/** The second one is the upgrade of the first. */
export const plans: readonly Plan[] = [
  { planId: 'cup', name: 'Cup of the month', price: '48.00' },
  { planId: 'pot', name: 'Pot of the month', price: '160.00' },
];
