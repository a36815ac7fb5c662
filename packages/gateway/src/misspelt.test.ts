import { describe, expect, test } from 'vitest';
import { configFrom } from './config.ts';
import { misspeltIn } from './misspelt.ts';
import { settings } from './settings.ts';

describe('no setting is left out in silence because of a slip', () => {
  test.each([
    ['WAFFO_DATABSE_URL', 'WAFFO_DATABASE_URL'],
    ['WAFFO_ENVIROMENT', 'WAFFO_ENVIRONMENT'],
    ['WAFFO_LIMIT', 'WAFFO_LIMITS'],
    ['waffo_port', 'WAFFO_PORT'],
    ['WAFFO_KEKFILE', 'WAFFO_KEK_FILE'],
    ['WAFFO_KEK_FILE_3', 'WAFFO_KEK_FILE_2'],
  ])('%s', (given, meant) => {
    expect(misspeltIn({ [given]: 'x' })).toEqual({ given, meant });
    expect(() => configFrom({ [given]: 'x' })).toThrow(`${given} is no setting; did you mean ${meant}?`);
  });
});

test.each([
  ...settings.map(({ name }) => name),
  ...[
    'WAFFO_CRASH_AT',
    'WAFFO_API_KEY',
    'WAFFO_PRIVATE_KEY',
    'WAFFO_PUBLIC_KEY',
    'WAFFO_MERCHANT_ID',
    'WAFFO_BASE_URL',
  ],
  ...['WAFFO_PICTURES', 'WAFFO_SERVICE_HOST', 'WAFFO_PORT_4010_TCP', 'PATH', 'PORT'],
])('%s is no slip', (name) => expect(misspeltIn({ [name]: 'x' })).toBeUndefined());
