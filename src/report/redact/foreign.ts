// Where the program's sentences have something off the wire, and what it is.

/** Who passed a message on, in the headers that say so (RFC 9110 §7.6.3): a host that may be a single label. */
export const PASSED = /^((?:via: (?:[a-z]+\/)?[\d.]+ |x-cache(?:-lookup)?: [a-z_]{1,40} from ))([^\s",;()]+)(.*)$/is;
export const HEADER = /^([a-z][a-z0-9-]{0,60}: )(.*)$/is;

/** Up to the frame of a request. The first one ends it, so that it is found in one pass. */
const UP_TO_FRAME = "(?:(?!frame \\d).){1,2100}?";

const NAME = '[^\\s",;:()]{1,253}';
const BEHIND_NAME = "(?: \\((?:stream \\d+, )?frame \\d+\\))?(?:,| and) ";
/**
 * Where sentences name hosts without anything about them: in front of these words, or behind them. Only there a host that is
 * called like a word of the sentence itself can be told from that word.
 */
const HOSTS = [
  `(?<=\\bunrelated sites?:? (?:${NAME}${BEHIND_NAME}){0,9})${NAME}`,
  `(?<=\\bearlier one to )${NAME}(?=: )`,
  `(?<=\\blike other answers of )${NAME}`,
  `(?<=\\bheaders that )${NAME}(?= sends with other answers)`,
  `(?<=\\bthe proxy's connection to )${NAME}(?= is in the capture)`,
  `(?<!\\S)${NAME}(?=: challenged (?:inside the tunnel|on the CONNECT) \\(frame \\d)`,
  `(?<=(?:^|; )(?:${NAME}(?:,| and) ){0,9})${NAME}(?=(?:(?:,| and) ${NAME}){0,9}(?: and \\d+ more)? (?:(?:is|are|seems?)(?: to be| not)? challenged|at CONNECT tcp:))`,
].join("|");

/** Pieces of a sentence that is not free of foreign text, as groups by what they are. */
export const FOREIGN = new RegExp(
  [
    `(?<=\\bCONNECT )(?<connect>${UP_TO_FRAME}(?= \\(frame \\d+\\) (?:was |is not in the capture)))`,
    '(?<=\\btunnels? to )(?<target>[^\\s"]+:\\d{1,5})',
    "(?<=\\(frame \\d+\\) )(?<reason>.{1,1000})(?=: the (?:proxy did not open the tunnel|tunnel was not opened))",
    `(?<bare>${HOSTS})`,
    '(?<url>\\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}:\\/\\/[^\\s"\'`,;:)][^\\s"`]*[^\\s"`.,:;)])',
    // Not of a URL: what a request line has without any host.
    `(?<=\\b[A-Za-z][A-Za-z_-]{2,19} )(?<path>\\/(?:${UP_TO_FRAME})?(?= \\(frame \\d))`,
    '(?<=\\b(?!CONNECT)(?:[A-Z][A-Z_-]{2,19}|get|head|post) )(?<other>[^\\s"]{1,2100}(?= \\(frame \\d+\\) (?:was|is not|had)))',
    '(?<what>issuer|issuer is|realm|the realm is|, at [^"]{1,20} it is) "(?<value>[^"]*)"',
    '"(?<free>[^"]*)"',
    "`(?<short>[^`]*)`",
    "(?<=MATCH at (?:CONNECT tcp|unknown ssl|GET https):\\/\\/: )(?<rule>.*)$",
    "(?<=\\bEXCEPTION\\()(?<exception>[^)]*)",
    // What administrators call their own exceptions and results, in a line of an access log or trace.
    "(?:(?<=\\bx-exception-id )|(?<=\\bsc-filter-result )|(?<=\\bauthentication status ))(?<told>[^\\s,]+)",
    "(?:(?<=\\bit has the headers )|(?<=\\bsends with other answers \\())(?<headers>[^\\s,;]{1,64}(?:, [^\\s,;]{1,64}){0,9})",
  ].join("|"),
  "gs",
);

/** Behind these words stand targets and URLs, of whatever they are made. */
export const ODD_BEHIND = /\b(?:CONNECT |tunnels? to |shown for |(?:unknown|[A-Za-z][A-Z_-]{2,19}|get|head|post) )/g;
/** What `FOREIGN` finds by itself to its end. */
export const PLAIN_TARGET = /^[^\s":]{1,1000}:\d{1,5}$/;
export const PLAIN_URL = /^[a-zA-Z][a-zA-Z0-9+.-]{1,20}:\/\/[^\s"'`,;:)][^\s"`]*[^\s"`.,:;)]$/;
