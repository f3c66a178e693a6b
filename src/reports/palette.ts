/**
 * Colours of the reports, each for a light and a dark page. The series are those of Okabe and Ito (2008), which people
 * with any common colour blindness can tell apart, darkened for white and lightened for black so that each stands out
 * by 3:1 or more; colour is never the only sign (series also differ by their symbol).
 */
interface Tone {
  readonly light: string;
  readonly dark: string;
}

const SERIES: readonly Tone[] = [
  { light: '#6d6d6d', dark: '#a6a6a6' }, // grey
  { light: '#0e7fb8', dark: '#56b4e9' }, // sky blue
  { light: '#00805c', dark: '#1fc79b' }, // bluish green
  { light: '#9a6a00', dark: '#e0b23c' }, // amber
  { light: '#b0568a', dark: '#e396c2' }, // reddish purple
  { light: '#3d52a0', dark: '#8fa2f0' }, // indigo
];

const TARGET: Tone = { light: '#c44f00', dark: '#ff8b3d' }; // vermilion: the target scale alone

const SURFACES: Readonly<Record<string, Tone>> = {
  page: { light: '#fbfbfa', dark: '#14171a' },
  card: { light: '#ffffff', dark: '#1c2024' },
  ink: { light: '#1b1f23', dark: '#e8eaec' },
  soft: { light: '#57606a', dark: '#a3abb3' },
  line: { light: '#d9dde1', dark: '#363c43' },
  grid: { light: '#eceef0', dark: '#2a3036' },
  accent: { light: '#0b5c8a', dark: '#6cc0ee' },
  track: { light: '#e9edf0', dark: '#2b3138' },
  warn: { light: '#8a4b00', dark: '#f0b35e' },
  warnback: { light: '#fff6e5', dark: '#2f2718' },
};

const variables = (mode: keyof Tone): string =>
  [
    ...Object.entries(SURFACES).map(([name, tone]) => `--${name}:${tone[mode]}`),
    ...SERIES.map((tone, i) => `--s${i}:${tone[mode]}`),
    `--target:${TARGET[mode]}`,
  ].join(';');

/** CSS that defines every colour as a variable, for both modes. */
export const paletteCss = (): string =>
  `:root{color-scheme:light dark;${variables('light')}}@media (prefers-color-scheme:dark){:root{${variables('dark')}}}`;

/** Returns the CSS colour of a scale: the target has its own, the others take theirs in order of cost. */
export const scaleColour = (scale: string, scales: readonly { readonly name: string }[], target: string): string => {
  if (scale === target) return 'var(--target)';
  const others = scales.filter(({ name }) => name !== target);
  const rank = Math.max(
    0,
    others.findIndex(({ name }) => name === scale),
  );
  return `var(--s${rank % SERIES.length})`;
};
