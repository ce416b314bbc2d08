// The JSON Schema of SARIF 2.1.0, as Microsoft's SARIF SDK for JavaScript has it.
import sarifSchema from "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json" with { type: "json" };
import { Ajv, type SchemaObject } from "ajv";

/** Draft 4, of which it uses nothing that draft 7 has changed but the name of `id`. */
const { $schema, id, ...schema } = sarifSchema as SchemaObject;
if (!String($schema).includes("draft-04") || !String(id).includes("sarif-2.1.0")) throw new Error("another schema");

const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
ajv.addFormat("uri", (text: string) => URL.canParse(text));
ajv.addFormat(
  "uri-reference",
  (text: string) => /^[!#-;=?-[\]_a-z~%]*$/i.test(text) && URL.canParse(text, "file:///a/b"),
);
ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const validate = ajv.compile(schema);

/** What is wrong with `log`; nothing for a valid one. */
export function validSarif(log: unknown): readonly unknown[] {
  validate(log);
  return validate.errors ?? [];
}
