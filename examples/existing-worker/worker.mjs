// The team's worker, as it was before titrate, with one line more: the plugin.
import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';
import { TitratePlugin } from 'titrate/worker';
import * as activities from './activities.mjs';

const { connectionOptions, namespace } = loadClientConnectConfig();
const connection = await NativeConnection.connect(connectionOptions);
try {
  const worker = await Worker.create({
    connection,
    namespace: namespace ?? 'default',
    taskQueue: 'models',
    workflowsPath: fileURLToPath(new URL('./workflows.mjs', import.meta.url)),
    activities,
    plugins: [new TitratePlugin()], // records and jobs go to TITRATE_HOME, or .titrate in the working folder
    shutdownGraceTime: '5s',
    maxHeartbeatThrottleInterval: '1s', // so that the progress of running jobs shows
  });
  await worker.run();
} finally {
  await connection.close();
}
