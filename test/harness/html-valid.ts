// A page of ours against html-validate, with its rules on accessibility.
import { HtmlValidate, StaticConfigLoader } from "html-validate";

const validator = new HtmlValidate(
  new StaticConfigLoader({
    extends: ["html-validate:standard", "html-validate:a11y"],
    rules: {
      // Long lines and the like are nobody's business in a page that a program writes.
      "no-trailing-whitespace": "off",
      // Regions that scroll have to be reachable by keyboard (WCAG 2.1.1).
      "wcag/h63": "error",
      "no-inline-style": "error",
    },
  }),
);

/** What is wrong with the page; nothing for a valid one. */
export async function htmlComplaints(text: string): Promise<readonly string[]> {
  const { results } = await validator.validateString(text);
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line, selector }) => `${ruleId}: ${message} (line ${line}, ${selector})`),
  );
}
