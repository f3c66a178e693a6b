// Starts the team's workflow and waits for it: node start.mjs [sweep id]
import { readFile } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { parseSweep } from 'titrate';
import { TitratePlugin } from 'titrate/worker';
import { parse } from 'yaml';

const sweepId = process.argv[2] ?? 'next-model';
const text = await readFile(new URL('./sweep.yaml', import.meta.url), 'utf8');
const sweep = parseSweep(parse(text)); // throws with every problem in the file

const { connectionOptions, namespace } = loadClientConnectConfig();
const connection = await Connection.connect(connectionOptions);
// The plugin encrypts as the worker does where TITRATE_ENCRYPTION_KEYS names keys, and changes nothing else.
const client = new Client({ connection, namespace, plugins: [new TitratePlugin()] });
const prepared = await client.workflow.execute('prepareModel', {
  workflowId: `prepare-${sweepId}`,
  taskQueue: 'models',
  args: [{ model: 'base-1b', sweepId, sweep }],
});
console.log(JSON.stringify(prepared, null, 2));
await connection.close();
