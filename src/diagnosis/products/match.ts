// Looks answers and certificates up in the table of products.
import { addTo, quoted } from "../../bytes/index.ts";
import type { Challenge, ResponseHead } from "../../http/index.ts";
import { APPLIANCES } from "./appliances.ts";
import { RELAYS } from "./relays.ts";
import { SOFTWARE } from "./software.ts";
import type { Mark, MarkFound, Product } from "./types.ts";

/** Of two products that sign equally well the first one here is taken for the nearer: relays show the other's marks as well. */
const PRODUCTS: readonly Product[] = [...RELAYS, ...APPLIANCES, ...SOFTWARE];

/** The id that stands for a page that calls its author a gateway or proxy without naming a product. */
export const MARK_OF_A_GATEWAY = "a-gateway";
const GATEWAY_PAGE =
  /(?:web|internet|proxy|security|secure) ?gateway|proxy (?:server|authentication|administrator)|web ?(?:filter|proxy)/i;

/** A mark with its product, and its place in the table. */
interface Row {
  readonly product: Product;
  readonly mark: Mark;
  readonly place: number;
}

const ROWS: readonly Row[] = PRODUCTS.flatMap((product) => product.marks.map((mark) => ({ product, mark }))).map(
  (row, place) => ({ ...row, place }),
);
const rowsIn = (where: Mark["in"]): readonly Row[] => ROWS.filter(({ mark }) => mark.in === where);

/** Marks by the header on whose value they are tried: most heads have none of these. */
const BY_FIELD = new Map<string, Row[]>();
for (const row of ROWS) {
  const { mark } = row;
  const name = mark.in === "cookie" ? "set-cookie" : mark.pattern === undefined ? undefined : mark.header;
  if (name !== undefined) addTo(BY_FIELD, name, row);
}
const BY_PRESENCE = rowsIn("header").filter(({ mark }) => mark.pattern === undefined);
const IN_REASON = rowsIn("reason");
const IN_REALM = rowsIn("realm");
const IN_BODY = rowsIn("body");
const OF_ISSUERS = rowsIn("issuer");

/** Marks in a response's head and page, in the order of the table; of a page those of `bodyMarks`. */
export function marksOf(head: ResponseHead, bodyMarks: readonly string[]): readonly MarkFound[] {
  const found: MarkFound[] = [];
  const look = ({ product, mark, place }: Row): void => {
    const text = markText(mark, head);
    if (text === null || found.some((other) => other.place === place)) return;
    const header = mark.in === "header" ? (mark.header ?? null) : null;
    const { certainty } = mark;
    found.push({ product, place, certainty, passed: mark.passed === true, mention: false, header, text });
  };
  for (const { name } of head.fields) BY_FIELD.get(name)?.forEach(look);
  BY_PRESENCE.forEach(look);
  IN_REASON.forEach(look);
  IN_REALM.forEach(look);
  if (bodyMarks.length > 0) {
    for (const { product, mark, place } of IN_BODY) {
      if (!bodyMarks.includes(pageId(product, mark))) continue;
      const { certainty } = mark;
      const mention = mark.signs !== true;
      const text = "the text of the page";
      found.push({ product, place, certainty, passed: false, mention, header: null, text });
    }
  }
  if (found.length === 0) return NONE;
  return found.sort((a, b) => a.place - b.place);
}

const NONE: readonly MarkFound[] = [];

/** Ids of what the text of a page shows: given to the proxy room, which forgets the text. */
export function pageMarks(text: string): readonly string[] {
  const ids = IN_BODY.filter(({ mark }) => mark.pattern?.test(text) === true).map(({ product, mark }) =>
    pageId(product, mark),
  );
  return GATEWAY_PAGE.test(text) ? [...ids, MARK_OF_A_GATEWAY] : ids;
}

function pageId({ id }: Product, { signs }: Mark): string {
  return signs === true ? id : `names-${id}`;
}

/** Words by which products are told: their names, and what the patterns of their marks are made of. */
export function productWords(): readonly string[] {
  const texts = PRODUCTS.flatMap(({ name, marks }) => [
    name,
    ...marks.map(({ pattern }) => (pattern?.source ?? "").replace(/\\[a-z]/gi, " ")),
  ]);
  return [...new Set(texts.join(" ").match(/[a-z0-9]{2,}/gi) ?? [])];
}

/** The product that makes certificates with this issuer. */
export function issuerProduct(issuer: string): MarkFound | null {
  for (const { product, mark, place } of OF_ISSUERS) {
    if (mark.pattern?.test(issuer) !== true) continue;
    const text = `the certificate's issuer ${quoted(issuer)}`;
    return { product, place, certainty: mark.certainty, passed: false, mention: false, header: null, text };
  }
  return null;
}

function markText(mark: Mark, head: ResponseHead): string | null {
  switch (mark.in) {
    case "header":
      return headerText(mark, head);
    case "cookie": {
      const cookie = head.fields.find(({ name, value }) => name === "set-cookie" && mark.pattern?.test(value) === true);
      return cookie === undefined ? null : `the cookie ${quoted(cookie.value)}`;
    }
    case "reason":
      return mark.pattern?.test(head.reason) === true ? `the reason phrase ${quoted(head.reason)}` : null;
    case "realm": {
      const told = ({ realm }: Challenge): boolean => realm !== null && mark.pattern?.test(realm) === true;
      const challenge = head.proxyChallenges.find(told) ?? head.challenges.find(told);
      return challenge === undefined ? null : `the realm ${quoted(challenge.realm ?? "")}`;
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
  return `the header ${quoted(`${header}: ${told.trim()}`)}`;
}
