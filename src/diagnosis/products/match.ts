// Looks answers and certificates up in the table of products.
import type { ResponseHead } from "../../http/index.ts";
import { APPLIANCES } from "./appliances.ts";
import { SOFTWARE } from "./software.ts";
import type { Mark, MarkFound, Product } from "./types.ts";

const PRODUCTS: readonly Product[] = [...APPLIANCES, ...SOFTWARE];

/** The id that stands for a page that calls its author a gateway or proxy without naming a product. */
export const MARK_OF_A_GATEWAY = "a-gateway";
const GATEWAY_PAGE =
  /(?:web|internet|proxy|security|secure) ?gateway|proxy (?:server|authentication|administrator)|web ?(?:filter|proxy)/i;

/** Marks in a response's head and page. */
export function marksOf(head: ResponseHead, bodyMarks: readonly string[]): readonly MarkFound[] {
  const found: MarkFound[] = [];
  for (const product of PRODUCTS) {
    for (const mark of product.marks) {
      const text = markText(mark, head);
      if (text === null) continue;
      const header = mark.in === "header" ? (mark.header ?? null) : null;
      found.push({ product, certainty: mark.certainty, passed: mark.passed === true, header, text });
    }
    if (!bodyMarks.includes(product.id)) continue;
    const body = product.marks.find((mark) => mark.in === "body");
    if (body !== undefined)
      found.push({ product, certainty: body.certainty, passed: false, header: null, text: "the text of the page" });
  }
  return found;
}

/** Ids of what the text of a page shows: given to the proxy room, which forgets the text. */
export function pageMarks(text: string): readonly string[] {
  const ids = PRODUCTS.filter(({ marks }) =>
    marks.some((mark) => mark.in === "body" && mark.pattern?.test(text) === true),
  ).map(({ id }) => id);
  return GATEWAY_PAGE.test(text) ? [...ids, MARK_OF_A_GATEWAY] : ids;
}

/** The product that makes certificates with this issuer. */
export function issuerProduct(issuer: string): MarkFound | null {
  for (const product of PRODUCTS) {
    for (const mark of product.marks) {
      if (mark.in !== "issuer" || mark.pattern?.test(issuer) !== true) continue;
      const text = `the certificate's issuer "${issuer}"`;
      return { product, certainty: mark.certainty, passed: false, header: null, text };
    }
  }
  return null;
}

function markText(mark: Mark, head: ResponseHead): string | null {
  switch (mark.in) {
    case "header":
      return headerText(mark, head);
    case "cookie": {
      const cookie = head.fields.find(({ name, value }) => name === "set-cookie" && mark.pattern?.test(value) === true);
      return cookie === undefined ? null : `the cookie ${cookie.value}`;
    }
    case "reason":
      return mark.pattern?.test(head.reason) === true ? `the reason phrase "${head.reason}"` : null;
    case "realm": {
      const challenge = [...head.proxyChallenges, ...head.challenges].find(
        ({ realm }) => realm !== null && mark.pattern?.test(realm) === true,
      );
      return challenge === undefined ? null : `the realm "${challenge.realm}"`;
    }
    default:
      return null;
  }
}

function headerText({ header, pattern }: Mark, head: ResponseHead): string | null {
  if (header === undefined) return null;
  if (pattern === undefined) return head.names.includes(header) ? `the header ${header}` : null;
  const field = head.fields.find(({ name, value }) => name === header && pattern.test(value));
  if (field === undefined) return null;
  // Of a list (Via: one member for each hop) the member that tells; the others are about somebody else.
  const told = field.value.split(",").find((member) => pattern.test(member)) ?? field.value;
  return `the header "${header}: ${told.trim()}"`;
}
