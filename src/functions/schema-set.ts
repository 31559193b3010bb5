import * as z from 'zod';

export type Json = Record<string, unknown>;
type Direction = 'input' | 'output';

const AT = '#/components/schemas/';
/** What TypeScript sees of them is the format; the pattern that zod adds is hundreds of characters. */
const SPOKEN_FOR_BY_FORMAT: readonly unknown[] = ['date-time', 'uuid'];

/** JSON Schemas made of zod's; those with an id stand among the document's components, once. */
export class SchemaSet {
  private readonly found = new Map<string, Json>();

  /** A reference where the schema has an id, else the schema itself. */
  refer(schema: z.ZodType, io: Direction): Json {
    // Wrapped, so that zod puts each schema with an id among the definitions, this one too.
    const { $defs = {}, properties } = z.toJSONSchema(z.object({ it: schema }), {
      io,
      override: ({ jsonSchema }) => tidy(jsonSchema as Json, io),
    }) as unknown as { $defs?: Record<string, Json>; properties: { it: Json } };
    for (const [name, { id, ...definition }] of Object.entries($defs)) this.add(name, relocate(definition));
    return relocate(properties.it);
  }

  components(): Json {
    return Object.fromEntries([...this.found].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** One name, one form: a schema that is both taken and answered may look different. */
  private add(name: string, definition: Json): void {
    const known = this.found.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition))
      throw new Error(`two schemas have the id '${name}'`);
    this.found.set(name, definition);
  }
}

/** Leaves out what says more than is meant, or nothing. */
function tidy(schema: Json, io: Direction): void {
  // `readonly` is of our types; said here, a client could not send it.
  delete schema.readOnly;
  // What is answered may get more properties one day; what is taken may not have others.
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties;
  if (isEmpty(schema.additionalProperties)) schema.additionalProperties = true;
  delete schema.propertyNames;
  // A query's number is text on the wire; `integerText` has said what it is.
  if (SPOKEN_FOR_BY_FORMAT.includes(schema.format) || schema.type === 'integer') delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** From where zod puts definitions to where OpenAPI has them. */
function relocate(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', `"${AT}`)) as Json;
}
