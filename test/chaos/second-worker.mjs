// A team's own worker with the plugin, on the same home and task queue: node second-worker.mjs PACKAGE HOME ADDRESS QUEUE
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';

const [folder, home, address, taskQueue] = process.argv.slice(2);
const { NativeConnection, Worker } = createRequire(join(folder, 'package.json'))('@temporalio/worker');
const { TitratePlugin } = await import(pathToFileURL(join(folder, 'dist/temporal/plugin.js')).href);
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowBundle: { codePath: join(folder, 'dist/workflow-bundle.js') },
  plugins: [new TitratePlugin({ home })],
});
console.log('polling');
await worker.run();
