import { healthOf, type HealthCheck, type HealthState } from '../health.js';
import type { SweepView } from '../sweep-view.js';
import { markup, type Markup } from './markup.js';
import { section, table } from './table.js';

const WORDS: Readonly<Record<HealthState, string>> = { good: 'good', watch: 'take care', unknown: 'not known yet' };
/** Chips of the page's own: the colours of a sweep's states say the same here. */
const CHIPS: Readonly<Record<HealthState, string>> = { good: 'completed', watch: 'failed', unknown: 'paused' };

/** What was checked, what was found, and what to do. */
export const healthSection = (view: SweepView): Markup =>
  section(
    'Health checks',
    table<HealthCheck>(
      [
        { title: 'check', kind: 'narrow', cell: ({ name }) => name },
        {
          title: 'state',
          kind: 'narrow',
          cell: ({ state }) => markup`<span class="chip ${CHIPS[state]}">${WORDS[state]}</span>`,
        },
        { title: 'what was found', kind: 'wide', cell: ({ finding }) => finding },
        { title: 'what to do', kind: 'wide', cell: ({ remedy }) => remedy },
      ],
      healthOf(view),
    ),
  );
