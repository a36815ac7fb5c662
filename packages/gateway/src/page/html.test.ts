import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { html } from './html.ts';

describe('a page', () => {
  test('shows whatever is put into it as text, also inside a quoted attribute', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const inside = html`${text}`.text;
        expect(inside).not.toMatch(/[<>"']/);
        const back = inside.replace(/&(lt|gt|quot|#39|amp);/g, (_, name) => named[name as keyof typeof named]);
        expect(back).toBe(text);
      }),
    );
  });

  test('takes markup of ours as it is, once', () => {
    expect(html`<p>${html`<b>${'<'}</b>`}</p>`.text).toBe('<p><b>&lt;</b></p>');
  });

  test('leaves out what is not there', () => {
    expect(html`[${undefined}${false}${0}]`.text).toBe('[0]');
  });
});

const named = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
