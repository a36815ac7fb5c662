/** Pictures of a run, as SVG that also fits a dark page. Lines over steps: connections, or rows; steps are equally far apart. */

interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

/** One field with its own scale. */
export interface Panel {
  /** With the unit. */
  readonly title: string;
  readonly series: readonly Series[];
}

const width = 340;
const height = 200;
/** On the right there is room for half of a last step's text. */
const edge = { left: 44, right: 32, top: 34, bottom: 46 };
const gap = 20;
/** Told apart by their marks as well, for those who see no colours. */
const marks = ['circle', 'square', 'diamond'] as const;

/**
 * @param name - of the picture, for those who hear it
 * @param steps - under the fields, from the left to the right
 * @param about - what the steps are
 */
export function plot(name: string, steps: readonly string[], about: string, panels: readonly Panel[]): string {
  const whole = panels.length * width + (panels.length - 1) * gap;
  const fields = panels.map(
    (panel, at) => `<g transform="translate(${at * (width + gap)} 0)">${field(panel, steps, about)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${whole} ${height + 24}" width="${whole}" role="img" aria-label="${name}">
<style>
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .grid { stroke: #d0d7de }
  .a { --line: #0a5bd3 } .b { --line: #b3470e } .c { --line: #1b7a3d }
  path, .outline { fill: none; stroke: var(--line); stroke-width: 2 }
  .mark { fill: var(--line); stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .grid { stroke: #3d444d }
    .a { --line: #6cb0ff } .b { --line: #ffab70 } .c { --line: #7ee2a0 }
  }
</style>
${fields.join('\n')}
</svg>
`;
}

function field({ title, series }: Panel, steps: readonly string[], about: string): string {
  const top = niceAbove(Math.max(...series.flatMap(({ values }) => values)));
  const x = (step: number): number =>
    edge.left + ((width - edge.left - edge.right) * step) / Math.max(1, steps.length - 1);
  const y = (value: number): number => edge.top + (height - edge.top - edge.bottom) * (1 - value / top);
  const lines = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(top * share).toFixed(1);
    return `<line class="grid" x1="${edge.left}" x2="${width - edge.right}" y1="${at}" y2="${at}"/><text x="${edge.left - 6}" y="${Number(at) + 4}" text-anchor="end">${short(top * share)}</text>`;
  });
  const labels = steps.map(
    (step, at) => `<text x="${x(at).toFixed(1)}" y="${height - edge.bottom + 18}" text-anchor="middle">${step}</text>`,
  );
  const drawn = series.map(({ values }, at) => {
    const points = values.map((value, step) => [x(step), y(value)] as const);
    const path = points.map(([px, py], step) => `${step === 0 ? 'M' : 'L'}${px.toFixed(1)} ${py.toFixed(1)}`).join('');
    const dots = points.map(([px, py]) => markAt(marks[at % marks.length] ?? 'circle', px, py));
    return `<g class="${'abc'[at % 3]}"><path d="${path}"/>${dots.join('')}</g>`;
  });
  const legend = series.map(
    ({ name }, at) =>
      `<g class="${'abc'[at % 3]}" transform="translate(${edge.left + at * 130} ${height + 10})">${markAt(marks[at % marks.length] ?? 'circle', 0, -4)}<text x="9">${name}</text></g>`,
  );
  return [
    `<text class="title" x="0" y="14">${title}</text>`,
    ...lines,
    ...labels,
    `<text x="${width / 2}" y="${height - 10}" text-anchor="middle">${about}</text>`,
    ...drawn,
    ...legend,
  ].join('\n');
}

function markAt(mark: (typeof marks)[number], x: number, y: number): string {
  const [px, py] = [x.toFixed(1), y.toFixed(1)];
  if (mark === 'circle') return `<circle class="mark" cx="${px}" cy="${py}" r="3.5"/>`;
  const turn = mark === 'diamond' ? ` transform="rotate(45 ${px} ${py})"` : '';
  return `<rect class="mark" x="${(x - 3).toFixed(1)}" y="${(y - 3).toFixed(1)}" width="6" height="6"${turn}/>`;
}

/** A round number not below the value, of which a quarter is round, too. */
export function niceAbove(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 3, 4, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

const short = (value: number): string => (value >= 10_000 ? `${value / 1_000}k` : String(Number(value.toPrecision(3))));
