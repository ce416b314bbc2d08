// Which methods are shown. Where a Content-Length lies, the next request begins somewhere in a body or in a URL, and what stands
// there as its method may be a password: a word that is no known method says nothing, and is never shown.

/** The registry (RFC 9110 §18.2), and what WebDAV, UPnP, RPC over HTTP, caches and Windows' services add to it. */
const METHODS: ReadonlySet<string> = new Set(
  (
    "ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR " +
    "MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH " +
    "TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL " +
    "BCOPY BDELETE BMOVE BPROPFIND BPROPPATCH NOTIFY POLL SUBSCRIBE UNSUBSCRIBE X-MS-ENUMATTS M-SEARCH M-POST " +
    "RPC_IN_DATA RPC_OUT_DATA RPC_CONNECT BITS_POST CCM_POST SSTP_DUPLEX_POST RDG_IN_DATA RDG_OUT_DATA PURGE BAN REFRESH"
  ).split(" "),
);

/** Stands for a method that is not known. */
export const UNKNOWN_METHOD = "unknown";

/** `method` if it is known, in capitals or not. */
export function shownMethod(method: string): string {
  return METHODS.has(method) || METHODS.has(method.toUpperCase()) ? method : UNKNOWN_METHOD;
}

/** Of a request whose method is not known the target may be a piece of anything, too, unless it looks like one. */
export function shownTarget(method: string, target: string): string {
  return method !== UNKNOWN_METHOD || /^(?:\/|https?:\/\/)[^ \t]*$/i.test(target) ? target : "";
}
