// Writes the JSON schemas of sweep files and records, and the table of events in docs/record.md: npm run schema
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { sweepJsonSchema } from '../src/domain/parse-sweep.js';
import { recordJsonSchema } from '../src/domain/record-schema.js';
import { describeEvents } from './describe-events.js';

const config = (name: string): URL => new URL(`../config/${name}`, import.meta.url);
const write = (name: string, schema: object): void =>
  writeFileSync(config(name), `${JSON.stringify(schema, null, 2)}\n`);

write('record.schema.json', recordJsonSchema());

const page = new URL('../docs/record.md', import.meta.url);
const text = readFileSync(page, 'utf8');
const [before, after] = [text.split('<!-- events -->')[0], text.split('<!-- end of events -->')[1]];
if (before === undefined || after === undefined) throw new Error('docs/record.md has lost its marks');
const whole = `${before}<!-- events -->\n\n${describeEvents(recordJsonSchema())}\n\n<!-- end of events -->${after}`;
writeFileSync(page, await format(whole, { ...(await resolveConfig(page)), parser: 'markdown' }));

write('sweep.schema.json', sweepJsonSchema());
