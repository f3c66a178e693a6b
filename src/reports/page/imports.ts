import { formatMixture, formatTime, formatValue, plural } from '../format.js';
import { objectiveName } from '../objective-of.js';
import type { ImportView, SweepView } from '../sweep-view.js';
import { markup, type Markup } from './markup.js';
import { section, table } from './table.js';

const MOST_SHOWN = 30; // rows a person looks through; the record has the others

/** Earlier runs that count as evidence, with where they come from; undefined when there are none. */
export const importsSection = (view: SweepView): Markup | undefined => {
  const { imports, sweep } = view;
  if (imports.length === 0) return undefined;
  const more =
    imports.length > MOST_SHOWN
      ? markup`<p class="note">${imports.length - MOST_SHOWN} more are in the record.</p>`
      : '';
  const rows = table<ImportView>(
    [
      { title: 'run', kind: 'narrow', cell: ({ source }) => source.run },
      { title: 'scale', kind: 'narrow', cell: ({ scale }) => scale },
      { title: 'steps', kind: 'right', cell: ({ steps }) => steps.toString() },
      {
        title: objectiveName(sweep.objective),
        kind: 'right',
        cell: ({ value, status }) => (value === undefined ? status : formatValue(value)),
      },
      { title: 'mixture', kind: 'wide', cell: ({ mixture }) => formatMixture(mixture, 5) },
      { title: 'from', kind: 'narrow', cell: ({ source }) => `${source.file}, line ${source.lines.join(', ')}` },
      { title: 'domains', kind: 'wide', cell: ({ changed = [] }) => changed.join('; ') },
      { title: 'imported', kind: 'narrow', cell: ({ by, at }) => `${formatTime(at)} by ${by}` },
    ],
    imports.slice(0, MOST_SHOWN),
  );
  return section(
    'Earlier runs that count as evidence',
    markup`<p>${plural(imports.length, 'run')} made before or elsewhere, charged nothing here.</p>${rows}${more}`,
  );
};
