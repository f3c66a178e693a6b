import { RETRACTED } from '../../domain/observation.js';
import { formatCount, formatMixture, formatTime, formatValue, plural } from '../format.js';
import { objectiveName } from '../objective-of.js';
import type { ImportView, SweepView } from '../sweep-view.js';
import { markup, type Insert, type Markup } from './markup.js';
import { section, table } from './table.js';

const MOST_SHOWN = 30; // rows a person looks through; the record has the others

const importedText = ({ by, at, status, detail }: ImportView): Insert => {
  const said = `${formatTime(at)} by ${by}`;
  return detail === undefined ? said : markup`${said}<br><small>${status} ${detail}</small>`;
};

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
      { title: 'here', kind: 'narrow', cell: ({ trial }) => trial },
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
      { title: 'imported', kind: 'narrow', cell: importedText },
    ],
    imports.slice(0, MOST_SHOWN),
  );
  const retracted = imports.filter(({ status }) => status === RETRACTED).length;
  const but = retracted === 0 ? '' : `; ${formatCount(retracted)} of them retracted, which count no more`;
  return section(
    'Earlier runs that count as evidence',
    markup`<p>${plural(imports.length, 'run')} made before or elsewhere, charged nothing here${but}.</p>${rows}${more}`,
  );
};
