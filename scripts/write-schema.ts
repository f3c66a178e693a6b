// Writes the JSON schema of sweep files, for editors: npm run schema
import { writeFileSync } from 'node:fs';
import { sweepJsonSchema } from '../src/domain/parse-sweep.js';

const file = new URL('../config/sweep.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(sweepJsonSchema(), null, 2)}\n`);
