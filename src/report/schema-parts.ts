// Pieces that schemas are made of (JSON Schema draft 2020-12): object shapes are closed and every field is required, as in the types.

export type Schema = Readonly<Record<string, unknown>>;

export const string: Schema = { type: "string" };
export const boolean: Schema = { type: "boolean" };
export const count: Schema = { type: "integer", minimum: 0 };
export const frame: Schema = { type: "integer", minimum: 1, description: "frame number, from 1" };
export const port: Schema = { type: "integer", minimum: 0, maximum: 65_535, description: "TCP port" };
export const time: Schema = {
  type: "string",
  pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$",
  description: "RFC 3339, UTC, nanoseconds",
};
export const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
export const list = (items: Schema): Schema => ({ type: "array", items });
export const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
/** `schema` with what it holds, in words; pieces that say it already may go without. */
export const said = (description: string, schema: Schema): Schema => ({ ...schema, description });
/** How many of each of `names` there are; those that are not there are left out. */
export const tally = (names: Schema): Schema => ({ type: "object", propertyNames: names, additionalProperties: count });
export const oneOf = (...values: readonly (string | number)[]): Schema => ({ enum: values });
export const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
/** What all reports begin with. */
export const tool: Schema = said(
  "the program that made the report",
  object({ name: said("always the same", { const: "pcapcheck" }), version: said("of pcapcheck", string) }),
);
export const schemaVersion: Schema = said("goes up where a field goes or means something else", { const: 1 });
/** What all findings have. */
export const certainty: Schema = said(
  "certain: it cannot be otherwise; likely: two independent signs; possible: one",
  oneOf("certain", "likely", "possible"),
);
export const advice: Schema = said(
  "what to do",
  object({
    helpdesk: said("for who talks to the user", string),
    proxyAdmin: said("for who runs the proxy", string),
  }),
);
