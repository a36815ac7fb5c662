import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { themeOf } from './checkout-theme.ts';

const wearing = (variables: object) => themeOf(JSON.stringify({ variables }));

describe('a merchant’s colours', () => {
  test('decide what is written on them', () => {
    expect(wearing({ colorPrimary: '#ffcc00' })).toContain(':root{--accent:#ffcc00;--on-accent:#000000}');
    expect(wearing({ colorPrimary: '#0b57c2' })).toContain(':root{--accent:#0b57c2;--on-accent:#ffffff}');
    expect(wearing({ colorBackground: '#101820' })).toContain('color-scheme:dark');
  });

  test('are not written with where they could not be read', () => {
    expect(wearing({ colorPrimary: '#ffcc00' })).toContain('--accent-ink:light-dark(#14202e,#ffcc00)');
    expect(wearing({ colorPrimary: '#ffcc00', colorBackground: '#ffffff' })).toContain('--accent-ink:#000000');
    expect(wearing({ colorText: '#ffffff', colorBackground: '#eeeeee' })).toContain('--ink:#000000;--faint:#000000');
    expect(wearing({ colorText: '#101820', colorBackground: '#eeeeee' })).toContain('--ink:#101820');
    expect(wearing({ colorText: '#101820' })).toContain('--ink:light-dark(#101820,#e8eef5)');
    expect(wearing({ colorBackground: '#c04050' })).toContain('--wrong:#ffffff');
  });

  test('say nothing when they are no colours, or no JSON', () => {
    for (const text of ['', '{', 'null', '[]', '{"variables":null}']) expect(themeOf(text)).toBe('');
    expect(wearing({ colorPrimary: 'red', colorBackground: 7, borderRadius: '1px;x' })).toBe('');
  });

  test('never smuggle in a rule of their own', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (colorPrimary, borderRadius) => {
        expect(wearing({ colorPrimary, colorBackground: colorPrimary, borderRadius })).toMatch(
          /^(?:(?::root|input,button,\.button)\{[-a-z:#0-9;.(),]+\}\n?)*$/i,
        );
      }),
    );
  });
});
