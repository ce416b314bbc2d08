// What an administrator's rules hold besides conditions: passwords that are set, cookies, user information and queries of URLs.

/** Fields and functions whose value is a secret, with the value behind them: quoted, or up to a space or bracket. */
const SECRET_VALUES =
  /((?:\bheader\.(?:proxy-)?authorization|\bheader\.(?:set-)?cookie2?|\bheader\.[\w-]*(?:token|secret|api-?key|password)|\b\w*(?:password|passwd|secret|token))(?:\.\w+)?\s*[=,(]\s*)("[^"]*"?|[^\s")]+)/gi;
/** Credentials with their scheme, wherever they stand. */
const CREDENTIALS = /\b(basic|bearer|ntlm|negotiate|kerberos)(\s+)[a-z0-9+/=._~-]{8,}/gi;
const USER_INFORMATION = /(:\/\/)[^\s/"'@]*@/g;
const QUERY = /(:\/\/[^\s"'?)]*)\?[^\s"')]*/g;

/** `rule` without them: stars stand in their place. */
export function withoutSecrets(rule: string): string {
  // Most rules have none of these characters' company.
  if (!/:\/\/|header\.|basic|bearer|ntlm|negotiate|kerberos|pass|secret|token/i.test(rule)) return rule;
  return rule
    .replace(SECRET_VALUES, (_, before: string, value: string) => `${before}${value.startsWith('"') ? '"***"' : "***"}`)
    .replace(CREDENTIALS, "$1$2***")
    .replace(USER_INFORMATION, "$1")
    .replace(QUERY, "$1?***");
}
