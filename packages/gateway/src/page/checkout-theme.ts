/** The merchant's own colours (`cashierAppearance`), as a style sheet. A value that is not plainly a colour or a length is left out. */

interface Appearance {
  readonly colorPrimary?: unknown;
  readonly colorBackground?: unknown;
  readonly colorText?: unknown;
  readonly borderRadius?: unknown;
}

/** What our own style sheet has, as far as a merchant's colours stand beside it. */
const ours = {
  light: { sheet: '#ffffff', ink: '#14202e', wrong: '#b3142a', accent: '#0b57c2' },
  dark: { sheet: '#17202a', ink: '#e8eef5', wrong: '#ff9aa5', accent: '#8bb8ff' },
} as const;

/**
 * @param cashierAppearance - JSON, `{"variables":{"colorPrimary":"#0b57c2","borderRadius":"8px"}}`; empty for our own look
 * @returns CSS; a background decides between light and dark. A colour that cannot be read on what it would stand on is left
 *   out there, and black or white stands for it
 */
export function themeOf(cashierAppearance: string): string {
  const { colorPrimary, colorBackground, colorText, borderRadius } = variablesOf(cashierAppearance);
  const accent = colourOf(colorPrimary);
  const sheet = colourOf(colorBackground);
  const ink = colourOf(colorText);
  const radius = /^\d{1,2}(?:\.\d{1,2})?(?:px|rem)$/.exec(String(borderRadius ?? ''))?.[0];
  const inks = sheet === undefined ? inksOnOurs(accent, ink) : inksOn(sheet, accent, ink);
  return [
    accent && `:root{--accent:${accent};--on-accent:${inkOn(accent)}}`,
    inks && `:root{${inks}}`,
    radius && `input,button,.button{border-radius:${radius}}`,
  ]
    .filter((rule) => rule !== undefined)
    .join('\n');
}

function inksOn(sheet: string, accent: string | undefined, wished: string | undefined): string {
  const scheme = inkOn(sheet) === '#ffffff' ? 'dark' : 'light';
  const ink = readable(wished, sheet) ?? inkOn(sheet);
  const wrong = readable(ours[scheme].wrong, sheet) ?? ink;
  const accentInk = readable(accent ?? ours[scheme].accent, sheet) ?? ink;
  return `color-scheme:${scheme};--ground:${sheet};--sheet:${sheet};--ink:${ink};--faint:${ink};--wrong:${wrong};--accent-ink:${accentInk}`;
}

function inksOnOurs(accent: string | undefined, wished: string | undefined): string | undefined {
  const both = (name: string, colour: string | undefined): string[] => {
    if (colour === undefined) return [];
    const [light, dark] = [ours.light, ours.dark].map(({ sheet, ink }) => readable(colour, sheet) ?? ink);
    return [`--${name}:light-dark(${light},${dark})`];
  };
  return [...both('ink', wished), ...both('accent-ink', accent)].join(';') || undefined;
}

/** @returns the colour, if text of it can be read there (WCAG 2: 4.5 to 1) */
function readable(colour: string | undefined, sheet: string): string | undefined {
  if (colour === undefined) return undefined;
  const [darker = 0, lighter = 0] = [luminanceOf(colour), luminanceOf(sheet)].sort((one, other) => one - other);
  return (lighter + 0.05) / (darker + 0.05) >= 4.5 ? colour : undefined;
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

/** Black or white, whichever is read more easily on it. */
const inkOn = (colour: string): '#000000' | '#ffffff' => (luminanceOf(colour) > 0.179 ? '#000000' : '#ffffff');

/** WCAG 2 relative luminance, 0 to 1. */
function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
