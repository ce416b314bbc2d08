// What a row of the table of products is.
import type { Certainty } from "../types.ts";

/** One thing by which a product can be told. */
export interface Mark {
  /** Where it is: a header, a cookie's name, the reason phrase, a realm, the text of a page, a certificate's issuer. */
  readonly in: "header" | "cookie" | "reason" | "realm" | "body" | "issuer";
  /** Lower case; for `header` only. */
  readonly header?: string;
  /** Tried on the value; a header without pattern counts by its presence. */
  readonly pattern?: RegExp;
  readonly certainty: Certainty;
  /**
   * True: the product puts it on what it passes on from others, too. Then it names the product, and says nothing of who made
   * the answer.
   */
  readonly passed?: boolean;
  /** For `body` only: anybody's page may name the product; true where it says so as its maker does, in a title or a phrase of its own. */
  readonly signs?: boolean;
  /** Where it is documented. */
  readonly source: string;
  /** Whether a recorded capture shows it; false: documented, not seen. */
  readonly seen: boolean;
}

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly marks: readonly Mark[];
  /**
   * Sites stand behind it as well, and as their reverse proxy it asks with 401: its name does not say on whose side it stands.
   * `usually`: as a forward proxy it hardly sends a 401 of its own. `always`: it does not read inside tunnels at all.
   */
  readonly frontsSites?: "always" | "usually" | "seldom";
  /** A sentence for its administrator: what of its configuration asks with 401 inside a tunnel that it reads. */
  readonly asksInside?: string;
}

/** A product that was recognised, with the words for it. */
export interface ProductMatch {
  readonly name: string;
  readonly certainty: Certainty;
  readonly evidence: readonly string[];
  /** `Product.asksInside` of what it may be. */
  readonly asksInside: readonly string[];
}

/** A mark that was found in one answer. */
export interface MarkFound {
  readonly product: Product;
  /** In the table, from 0. */
  readonly place: number;
  readonly certainty: Certainty;
  /** The answer may have been passed on by the product, not made. */
  readonly passed: boolean;
  /** A page that names the product, in words that are not its own. */
  readonly mention: boolean;
  /** The header that shows it; null where something else does. */
  readonly header: string | null;
  readonly text: string;
}
