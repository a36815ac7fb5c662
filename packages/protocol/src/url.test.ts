import { expect, test } from 'vitest';
import { urlIn } from './url.ts';

test.each(['https://shop.example/webhook', 'https://bücher.example/', 'https://食.example/'])(
  '%s is read the first time and the hundred thousandth, when V8 has optimised whoever asks',
  (text) => {
    const read = () => urlIn(text)?.href;
    const first = read();
    expect(first).toBeDefined();
    let others = 0;
    for (let times = 0; times < 100_000; times++) if (read() !== first) others += 1;
    expect(others).toBe(0);
  },
);

test.each(['', 'shop.example', '/webhook', 'https://', 'https://[::1'])('%j is no complete URL', (text) => {
  expect(urlIn(text)).toBeUndefined();
});
