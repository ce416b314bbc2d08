// A rule line of a policy trace: ` MATCH: url.scheme=https authenticate(domain1) authenticate.mode(proxy-ip)`.
import { withoutSecrets } from "./hide.ts";
import type { RuleCondition, RuleOutcome, RuleProperty, TraceRule } from "./types.ts";

const RULE = /^\s*(MATCH|miss|n\/a|N\/A)\s*:?\s(.*)$/i;

/** Conditions and properties read of one rule; a longer one is cut behind them. */
const MAX_PARTS = 64;
/** Characters kept of a rule's text. */
const MAX_RULE_TEXT = 2_000;

/** Different rules remembered: a policy is asked again for each transaction, and shares its rules in memory. */
const MAX_REMEMBERED = 4_096;
/** Lines that are remembered; longer ones are rare. */
const MAX_REMEMBERED_TEXT = 1_000;

type RuleText = Omit<TraceRule, "line" | "layer">;

/** Reads rule lines, each different one once. */
export class RuleReader {
  readonly #known = new Map<string, RuleText>();

  /** The rule on this line; null if it is none. A line "n/a" without a rule is none. */
  read(text: string, line: number, layer: string | null): TraceRule | null {
    if (!mayBeRule(text)) return null;
    let rule = this.#known.get(text) ?? null;
    if (rule === null) {
      rule = parseRule(text);
      if (rule === null) return null;
      if (text.length <= MAX_REMEMBERED_TEXT) {
        if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
        this.#known.set(text, rule);
      }
    }
    const { outcome, conditions, properties, cut } = rule;
    return { outcome, line, layer, text: rule.text, conditions, properties, cut };
  }
}

/** Whether the first character is that of MATCH, miss, n/a, N/A. */
export function mayBeRule(text: string): boolean {
  let at = 0;
  while (text.charCodeAt(at) === SPACE || text.charCodeAt(at) === TAB) at++;
  const first = text.charCodeAt(at) | 0x20;
  return first === 0x6d || first === 0x6e;
}

const SPACE = 0x20;
const TAB = 0x09;

function parseRule(text: string): RuleText | null {
  const found = RULE.exec(text);
  if (found === null || !startsLikeRule(text)) return null;
  const words = partsOf(withoutSecrets(found[2]!.trimEnd()));
  const last = words.at(-1);
  const cut = last?.endsWith("...") === true || last?.endsWith("…") === true;
  const conditions: RuleCondition[] = [];
  const properties: RuleProperty[] = [];
  for (const word of words) {
    if (word === "..." || word === "…") continue;
    const property = /^([A-Za-z_][\w.]*)\((.*)\)$/s.exec(word);
    if (property !== null) {
      properties.push({ name: property[1]!.toLowerCase(), value: property[2]!.trim() });
      continue;
    }
    const equals = word.indexOf("=");
    conditions.push(
      equals > 0
        ? { name: word.slice(0, equals).toLowerCase(), value: word.slice(equals + 1) }
        : { name: word, value: null },
    );
  }
  const whole = words.join(" ");
  return {
    outcome: outcomeOf(found[1]!),
    text: whole.length > MAX_RULE_TEXT ? `${whole.slice(0, MAX_RULE_TEXT)}...` : whole,
    conditions,
    properties,
    cut: cut || whole.length > MAX_RULE_TEXT,
  };
}

/** Whether the words are those of a rule: `MATCH:`, `miss:`, `n/a:` with colon, or indented `N/A` and `MATCH` without. */
function startsLikeRule(text: string): boolean {
  return /^\s*(MATCH|miss|n\/a)\s*:/i.test(text) || /^\s+(MATCH|miss|N\/A)\s{2,}/.test(text);
}

function outcomeOf(word: string): RuleOutcome {
  const lower = word.toLowerCase();
  return lower === "match" || lower === "miss" ? lower : "n/a";
}

/** Splits at spaces outside of brackets and quotes; what is left open at the end counts as it stands. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && character === "(") depth++;
    else if (!quoted && character === ")") depth = Math.max(0, depth - 1);
    if (!quoted && depth === 0 && (character === " " || character === "\t")) {
      if (part !== "") parts.push(part);
      part = "";
      if (parts.length >= MAX_PARTS) return [...parts, "..."];
    } else part += character;
  }
  if (part !== "") parts.push(part);
  return parts;
}

/** Properties that ask a client for credentials, or change how. */
export function isAuthentication({ properties }: Pick<TraceRule, "properties">): boolean {
  return properties.some(({ name }) => /^(socks\.)?authenticate(\.|$)/.test(name));
}

/** `user.login.log_out(yes)` and its kin: a user who was known is made unknown. */
export function isDeauthentication({ properties }: Pick<TraceRule, "properties">): boolean {
  return properties.some(
    ({ name, value }) => (/(^|\.)log_out(_other)?$/.test(name) || /^deauthenticate/.test(name)) && value !== "no",
  );
}

/** The value of a property, lower case; null where the rule does not set it. */
export function propertyOf({ properties }: Pick<TraceRule, "properties">, name: string): string | null {
  return properties.find((property) => property.name === name)?.value.toLowerCase() ?? null;
}
