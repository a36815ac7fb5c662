/** The merchant's own colours (`cashierAppearance`), as a style sheet. A value that is not plainly a colour or a length is left out. */

interface Appearance {
  readonly colorPrimary?: unknown;
  readonly colorBackground?: unknown;
  readonly colorText?: unknown;
  readonly borderRadius?: unknown;
}

/**
 * @param cashierAppearance - JSON, `{"variables":{"colorPrimary":"#0b57c2","borderRadius":"8px"}}`; empty for our own look
 * @returns CSS; a background decides between light and dark, and with it the ink, unless that is given too
 */
export function themeOf(cashierAppearance: string): string {
  const { colorPrimary, colorBackground, colorText, borderRadius } = variablesOf(cashierAppearance);
  const accent = colourOf(colorPrimary);
  const sheet = colourOf(colorBackground);
  const ink = colourOf(colorText);
  const radius = /^\d{1,2}(?:\.\d{1,2})?(?:px|rem)$/.exec(String(borderRadius ?? ''))?.[0];
  return [
    accent && `:root{--accent:${accent};--on-accent:${inkOn(accent)}}`,
    sheet && `:root{color-scheme:${inkOn(sheet) === '#ffffff' ? 'dark' : 'light'};--ground:${sheet};--sheet:${sheet}}`,
    sheet && `:root{--ink:${ink ?? inkOn(sheet)};--faint:${ink ?? inkOn(sheet)}}`,
    radius && `input,button,.button{border-radius:${radius}}`,
  ]
    .filter((rule) => rule !== undefined)
    .join('\n');
}

function variablesOf(json: string): Appearance {
  try {
    return (JSON.parse(json) as { variables?: Appearance } | null)?.variables ?? {};
  } catch {
    return {};
  }
}

const colourOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value) ? value : undefined;

/** Black or white, whichever is read more easily on it (WCAG 2 relative luminance). */
function inkOn(colour: string): '#000000' | '#ffffff' {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff';
}
