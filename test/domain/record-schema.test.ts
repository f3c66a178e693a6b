import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import type { RecordEvent, RecordLine } from '../../src/domain/record-event.js';
import { recordJsonSchema, RecordEventSchema, RecordLineSchema } from '../../src/domain/record-schema.js';
import { pinnedEvent } from '../../src/workflows/sweep-events.js';
import { initialState } from '../../src/workflows/sweep-state.js';
import { simulateRecord } from '../reports/simulated-record.js';
import { toySweep } from '../workflows/toy-sweep.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

type InSchema = z.infer<typeof RecordEventSchema>;
type Kind = RecordEvent['type'];
/** Fields of an event that only one of the two knows. */
type Strays = {
  [K in Kind]:
    | Exclude<keyof Extract<RecordEvent, { type: K }>, keyof Extract<InSchema, { type: K }>>
    | Exclude<keyof Extract<InSchema, { type: K }>, keyof Extract<RecordEvent, { type: K }>>;
}[Kind];

interface JsonField {
  readonly properties?: Readonly<Record<string, JsonField & { readonly const?: string }>>;
  readonly oneOf?: readonly JsonField[];
}

const FIXTURES = new URL('../fixtures/records/', import.meta.url);
const records = readdirSync(FIXTURES).filter((name) => name.endsWith('.jsonl'));

describe('the schema of the record', () => {
  test('has the very events and fields of the type', () => {
    expectTypeOf<InSchema['type']>().toEqualTypeOf<Kind>();
    expectTypeOf<Strays>().toBeNever();
  });

  test.each(records)('takes every line that was recorded in %s', (name) => {
    const lines = readFileSync(new URL(name, FIXTURES), 'utf8').trimEnd().split('\n');
    for (const text of lines) expect(RecordLineSchema.parse(JSON.parse(text))).toEqual(JSON.parse(text));
  });

  test('takes the decision to make a run that a person pinned, which names no evidence', () => {
    const pin = { mixture: { a: 0.5, b: 0.5 }, scale: 'big', steps: 20, cost: 20, by: 'ada' };
    const { event } = pinnedEvent(toySweep(), initialState, pin, 5);
    expect(RecordEventSchema.parse(event)).toEqual(event);
  });

  test('refuses a field or an event that it does not know', () => {
    const [first] = simulateRecord() as [RecordLine];
    expect(RecordLineSchema.safeParse(first).success).toBe(true);
    expect(RecordLineSchema.safeParse({ ...first, more: 1 }).success).toBe(false);
    expect(RecordEventSchema.safeParse({ ...first.event, more: 1 }).success).toBe(false);
    expect(RecordEventSchema.safeParse({ type: 'bribed' }).success).toBe(false);
  });

  test('takes a decision that a person pinned, which was made from nothing seen', () => {
    const pin = { mixture: { a: 0.5, b: 0.5 }, scale: 'small', steps: 20, cost: 2, by: 'ada' };
    const { event } = pinnedEvent(toySweep(), initialState, pin, 1);
    expect(RecordEventSchema.parse(event)).toEqual(event);
  });

  test('is config/record.schema.json (npm run schema writes it)', () => {
    expect(JSON.parse(read('config/record.schema.json'))).toEqual(JSON.parse(JSON.stringify(recordJsonSchema())));
  });

  test('is told in docs/record.md, event by event and field by field', () => {
    const page = read('docs/record.md');
    const { properties = {} } = recordJsonSchema() as JsonField;
    for (const field of Object.keys(properties)) expect(page).toContain(`| \`${field}\``);
    const events = properties['event']?.oneOf ?? [];
    expect(events.length).toBe(RecordEventSchema.options.length);
    for (const { properties: fields = {} } of events) {
      const type = fields['type']?.const ?? '';
      const section = page.split(`### \`${type}\`\n`)[1]?.split('\n##')[0] ?? '';
      const missing = Object.keys(fields).filter((field) => field !== 'type' && !section.includes(`| \`${field}\``));
      expect([type, missing]).toEqual([type, []]);
    }
  });
});
