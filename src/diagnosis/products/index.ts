// The table of products: what identifies a proxy in its own answers, in pages and in the certificates that it makes.
export { issuerProduct, MARK_OF_A_GATEWAY, marksOf, pageMarks, productWords } from "./match.ts";
export type { MarkFound, Product, ProductMatch } from "./types.ts";
