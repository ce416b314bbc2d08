// Software of origins by its `Server` field: what it sends of its own accord is alike on many unrelated sites.
import type { ResponseHead } from "../../http/index.ts";
import { marksOf } from "../products/index.ts";
import { serverOf } from "./answers.ts";

const WEB_SERVERS =
  /^(?:nginx|apache|microsoft-iis|microsoft-httpapi|cloudflare|gws|litespeed|lighttpd|openresty|jetty|kestrel|tengine|caddy|gunicorn|werkzeug|uvicorn|amazons3|awselb|akamaighost|github\.com|istio-envoy)\b|\bpython\/\d|\btomcat\b|\bphp\/\d/i;

/** Realms that come with software, its documentation or everybody's imagination (Traefik's default is its name). */
const USUAL_REALMS =
  /^(?:traefik|restricted(?: (?:area|content|access|files|site))?|(?:authentication|authorization|login|password) required|protected(?: area)?|private(?: area)?|secure(?:d)?(?: area)?|admin(?:istrator)?(?: area)?|login|members only)$/i;

/** Whether unrelated sites may well have this realm, each of its own. */
export function isUsualRealm(realm: string): boolean {
  return USUAL_REALMS.test(realm.trim());
}

/** Whether the answer says that a web server made it, and bears no mark of a proxy product. */
export function namesWebServer(head: ResponseHead): boolean {
  const server = serverOf(head);
  return server !== null && WEB_SERVERS.test(server) && !marksOf(head, []).some(({ passed }) => !passed);
}
