/** What the shop sells. Prices are the server's: nothing monetary is taken from a browser. */

export interface Product {
  readonly productId: string;
  readonly name: string;
  /** Decimal string in `currency`. */
  readonly price: string;
}

export const currency = 'HKD';

/** None of the prices is one of the sandbox's trigger amounts. */
export const products: readonly Product[] = [
  { productId: 'teapot', name: 'Teapot', price: '100.00' },
  { productId: 'cup', name: 'Morning cup', price: '48.00' },
  { productId: 'vase', name: 'Bud vase', price: '160.00' },
];
