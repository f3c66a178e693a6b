/** The events of a record as a page of Markdown, from the record's JSON schema. */

interface Field {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Field[];
}

const ofEvents = (schema: object): readonly Field[] =>
  (schema as { properties: Record<string, Field> }).properties['event']?.oneOf ?? [];

const typeOf = ({ type, enum: words, const: word }: Field): string =>
  words !== undefined
    ? words.map((one) => `\`${one}\``).join(', ')
    : word !== undefined
      ? `\`${String(word)}\``
      : (type ?? 'any');

const row = (name: string, field: Field, isAlways: boolean): string => {
  const { description = '' } = field;
  return `| \`${name}\` | ${typeOf(field)} | ${isAlways ? 'always' : 'sometimes'} | ${description.replaceAll('|', '\\|')} |`;
};

const section = ({ description = '', properties = {}, required = [] }: Field): string => {
  const { type, ...fields } = properties;
  const rows = Object.entries(fields).map(([name, field]) => row(name, field, required.includes(name)));
  return [
    `### \`${String(type?.const)}\``,
    description,
    ['| field | type | there | what it says |', '| --- | --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n');
};

/** Writes a section for every event, with a table of its fields. */
export const describeEvents = (schema: object): string => ofEvents(schema).map(section).join('\n\n');
