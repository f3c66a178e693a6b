import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
} from 'd3-shape';
import { scaleColour } from '../palette.js';
import { markup, type Markup } from '../page/markup.js';
import type { SweepView } from '../sweep-view.js';

const SHAPES = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolCross, symbolWye] as const;
const AREA = 46; // square pixels: about 7 px across

/** How one scale is drawn everywhere in a report. */
export interface ScaleMark {
  readonly scale: string;
  readonly colour: string;
  /** Outline of its symbol around (0, 0). */
  readonly path: string;
}

/** Gives every scale its colour and symbol; the target has a colour of its own and the star. */
export const scaleMarks = ({ sweep }: SweepView): ReadonlyMap<string, ScaleMark> => {
  const target = sweep.target.scale;
  const others = sweep.scales.filter(({ name }) => name !== target);
  const markOf = (name: string): ScaleMark => {
    const rank = others.findIndex((scale) => scale.name === name);
    const shape = name === target ? symbolStar : (SHAPES[rank % SHAPES.length] ?? symbolCircle);
    const area = name === target ? AREA * 1.6 : AREA; // a star of equal area looks smaller
    return { scale: name, colour: scaleColour(name, sweep.scales, target), path: symbol(shape, area)() ?? '' };
  };
  return new Map(sweep.scales.map(({ name }) => [name, markOf(name)]));
};

/** A point; `title` shows when the pointer rests on it. */
export const point = (mark: ScaleMark | undefined, x: number, y: number, title: string, hollow = false): Markup => {
  const colour = mark?.colour ?? 'var(--soft)';
  const fill = hollow ? 'var(--card)' : colour;
  return markup`<path d="${mark?.path ?? ''}" transform="translate(${x} ${y})" style="fill:${fill};stroke:${hollow ? colour : 'var(--card)'};stroke-width:${hollow ? 1.6 : 0.8}"><title>${title}</title></path>`;
};

const swatch = (path: string, colour: string): Markup =>
  markup`<svg class="swatch" viewBox="-8 -8 16 16" aria-hidden="true"><path d="${path}" style="fill:${colour}" /></svg>`;

/** Legend of the scales that are drawn, above a plot. */
export const scaleLegend = (
  marks: ReadonlyMap<string, ScaleMark>,
  shown: ReadonlySet<string>,
  target: string,
): Markup =>
  markup`<ul class="legend">${[...marks.values()]
    .filter(({ scale }) => shown.has(scale))
    .map(
      ({ scale, colour, path }) =>
        markup`<li>${swatch(path, colour)}${scale}${scale === target ? ' (target)' : ''}</li>`,
    )}</ul>`;

/** One entry of a legend for a line or a band. */
export const lineLegend = (
  entries: readonly { readonly label: string; readonly kind: 'line' | 'band' | 'dash' }[],
): Markup =>
  markup`<ul class="legend">${entries.map(({ label, kind }) => markup`<li><span class="key ${kind}"></span>${label}</li>`)}</ul>`;
