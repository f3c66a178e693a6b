import { stripControls } from '../plain-text.js';

/** Markup that is safe to insert as it is: made by `markup` alone, from the literals of this code. */
export interface Markup {
  readonly source: string;
}

export type Insert = string | number | Markup | readonly Insert[] | undefined;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for element content and quoted attributes alike. */
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);

const isMarkup = (value: Insert): value is Markup => typeof value === 'object' && 'source' in value;

const insert = (value: Insert): string => {
  if (value === undefined) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(Math.round(value * 100) / 100) : '0'; // 0.01 px
  if (typeof value === 'string') return escapeHtml(stripControls(value));
  return isMarkup(value) ? value.source : value.map(insert).join('');
};

/**
 * Builds markup from a template: whatever is inserted is stripped of control characters and escaped, unless it is itself
 * markup from `markup`. Attributes must be quoted in the template. Numbers are coordinates: two decimals.
 */
export const markup = (literals: TemplateStringsArray, ...values: readonly Insert[]): Markup => ({
  source: literals.map((literal, i) => literal + insert(values[i])).join(''),
});

/** Keeps a figure and its sign on one line: `33.9 %`, `5.767 ± 0.020`. */
export const unbroken = (value: Insert): Insert =>
  typeof value === 'string' ? value.replace(/(?<=\d) (?=%)| (?=± )|(?<= ±) /g, '\u00a0') : value;

/** Text of several lines, escaped, with its lines kept: for `<pre>`. */
export const preformatted = (text: string): Markup => ({
  source: text
    .split(/\r?\n/)
    .map((line) => escapeHtml(stripControls(line.replaceAll('\t', '  '))))
    .join('\n'),
});
