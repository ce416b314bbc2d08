// Software of origins by its `Server` field: what it sends of its own accord is alike on many unrelated sites.
import type { ResponseHead } from "../../http/index.ts";
import { marksOf } from "../products/index.ts";
import { serverOf } from "./answers.ts";

const WEB_SERVERS = new RegExp(
  `^(?:${[
    "nginx|apache|microsoft-iis|microsoft-httpapi|cloudflare|gws|litespeed|lighttpd|openresty|jetty|kestrel|tengine|caddy|gunicorn",
    "werkzeug|uvicorn|hypercorn|waitress|twistedweb|tornadoserver|wsgiserver|cheroot|cherrypy|webrick|mongrel|thin|puma|cowboy|h2o",
    "amazons3|awselb|akamaighost|akamainetstorage|github\\.com|istio-envoy|google frontend|esf|sffe|netlify|vercel|ecs|azure",
    "ibm_http_server|websphere|weblogic|oracle-(?:application|http)|glassfish|payara|wildfly|jboss|resin|domino|lotus-domino|sap netweaver|nexus|artifactory",
    // Of devices: cameras, printers, switches, management boards.
    "goahead|rompager|boa|thttpd|mini_httpd|micro_httpd|embedthis|appweb|app-webs|dnvrs-webs|hikvision|hp http|virata|allegro|httpd|cherokee",
  ].join("|")})\\b|\\bpython/\\d|\\btomcat\\b|\\bcoyote\\b|\\bphp/\\d`,
  "i",
);

/** Realms that come with software, its documentation or everybody's imagination. */
const USUAL_REALMS = new RegExp(
  `^(?:${[
    "(?:restricted|protected|private|secured?|members?|staff|intranet|internal)(?: ?(?:area|content|access|files|site|zone|only|pages?))?",
    "(?:authentication|authorization|login|password) (?:is )?(?:required|needed)|please (?:log|sign) ?in|authorized (?:users )?only",
    "admin(?:istrator|istration)?(?: ?(?:area|login|only|panel|interface))?|log ?in|sign ?in|user|users|realm|my ?realm|default|basic|api|auth",
    "stag(?:e|ing)|test(?:ing)?|dev(?:elopment)?|preview|demo|beta|under construction",
    // Of software: what it asks with as long as nobody changes it.
    "traefik|jenkins|hudson|sonatype nexus repository manager|artifactory realm|gitlab|gitea|github|bitbucket|git(?: repository| access)?",
    "subversion(?: repository)?|svn|trac|webdav|dav|sabredav|nextcloud|owncloud|tomcat (?:manager|host manager)(?: application)?",
    "spring(?: security application)?|applicationrealm|managementrealm|weblogic|websphere|karaf|activemqrealm|rabbitmq management",
    "prometheus|alertmanager|grafana|kibana|elasticsearch|security|nagios(?: access)?|icinga|zabbix|munin|phpmyadmin|webmin|cpanel|plesk",
    "registry(?: realm)?|docker registry|registry authentication|zope|plone|xdb|sap netweaver application server.*",
  ].join("|")})$`,
  "i",
);

/** Whether unrelated sites may well have this realm, each of its own. */
export function isUsualRealm(realm: string): boolean {
  return USUAL_REALMS.test(realm.trim());
}

/** Whether the answer says that a web server made it, and bears no mark of a proxy product. */
export function namesWebServer(head: ResponseHead): boolean {
  const server = serverOf(head);
  return server !== null && WEB_SERVERS.test(server) && !marksOf(head, []).some(({ passed }) => !passed);
}
