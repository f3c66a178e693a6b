import { markup, unbroken, type Insert, type Markup } from './markup.js';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Insert;
  /** `right` for numbers, `wide` for prose, `narrow` for what must not wrap. */
  readonly kind?: 'right' | 'wide' | 'narrow';
}

const LONG_WORD = /(\S{25,})/; // names of metrics and domains, mostly: figures are shorter

/** Lets a word that is longer than a column should be break anywhere, which would else push what follows out of the page. */
const breakable = (value: Insert): Insert =>
  typeof value !== 'string'
    ? value
    : value.split(LONG_WORD).map((part, i) => (i % 2 === 1 ? markup`<span class="long">${part}</span>` : part));

/** A table that scrolls sideways by itself where the page is narrow, and on paper takes the room there is. */
export const table = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  classOf: (row: Row) => string = () => '',
): Markup => {
  const head = columns.map(({ title, kind }) => markup`<th scope="col" class="${kind ?? ''}">${breakable(title)}</th>`);
  const body = rows.map(
    (row) =>
      markup`<tr class="${classOf(row)}">${columns.map(({ cell, kind }) => markup`<td class="${kind ?? ''}">${kind === 'narrow' ? cell(row) : breakable(unbroken(cell(row)))}</td>`)}</tr>`,
  );
  return markup`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
};

export const section = (title: string, content: Insert): Markup =>
  markup`<section><h2>${title}</h2>${content}</section>`;

/** A section with a plot, left out when there is nothing to draw. */
export const plotSection = (title: string, plot: Markup | undefined): Markup | undefined =>
  plot === undefined ? undefined : section(title, plot);
