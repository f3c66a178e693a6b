/**
 * What a long sweep and many sweeps cost: events, bytes of history, memory of worker and server, decisions per second. Runs
 * simulated trials of no length by random search, so that what is measured is titrate and Temporal.
 *
 *     npm run bench:long-life -- [--trials 100,1000,10000] [--parallel 16] [--sweeps 200] [--trials-each 5]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { homeAt } from '../src/temporal/home.js';
import { longLifeTable, manySweepsTable } from './long-life-report.js';
import { runManySweeps, runOneSweep, withHome, type Figures } from './long-life-run.js';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '100,1000,10000' },
    parallel: { type: 'string', default: '16' },
    sweeps: { type: 'string' },
    'trials-each': { type: 'string', default: '5' },
  },
});
const parallel = Number(values.parallel);

/** Measures in a home of its own, so that server and worker begin anew. */
const measure = async (what: string, work: Parameters<typeof withHome<Figures>>[1]): Promise<Figures> => {
  console.error(what);
  const home = homeAt(await mkdtemp(path.join(tmpdir(), 'titrate-long-')));
  try {
    return await withHome(home, work);
  } finally {
    await rm(home.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
  }
};

if (values.sweeps === undefined) {
  const rows: Figures[] = [];
  for (const trials of values.trials.split(',').map(Number)) {
    rows.push(
      await measure(`${trials} trials, ${parallel} at once`, (place) => runOneSweep(place, { trials, parallel })),
    );
    console.log(longLifeTable(rows));
  }
} else {
  const [sweeps, trials] = [Number(values.sweeps), Number(values['trials-each'])];
  const figures = await measure(`${sweeps} sweeps of ${trials} trials each`, (place) =>
    runManySweeps(place, { sweeps, trials, parallel: 2 }),
  );
  console.log(manySweepsTable(sweeps, figures));
}
