// Free text off the wire (reason phrases, comments of products, user agents, rules of a policy): which of its words tell nothing.

import { explanations, productWords } from "../../diagnosis/index.ts";
import { isKnownScheme } from "../../http/index.ts";

/** A number that is no more than a version or a count. */
const SHORT_NUMBER = /^\d{1,4}$/;

/**
 * Words that answers, user agents and policies of anybody have: status phrases (RFC 9110 §15), tokens of browsers, caches
 * and policies. What a product is called is told by the table of products.
 */
const USUAL = (
  "aarch64 accepted access account address agent allow allowed amd64 android any apache api applewebkit appliance arm64 " +
  "attempted authentication authority auto bad basic bearer bits build by cache cached centos chrome chromium client " +
  "closed compatible connect connection content continue cookie cpython created credentials crypto cryptoapi curl " +
  "debian delete denied deny digest direct dns early edg edge error established exception expired explorer failed " +
  "failure false firefox forbidden force form found ftp gateway gecko generated get git go gone h2 h2c h3 head hints " +
  "hit host http httpclient https iis information intel internal internet invalid ios ip ipad iphone is java kerberos " +
  "khtml large length like limit limits linux locked login long lookup mac macintosh macos many media method mgr " +
  "microsoft misdirected miss missing mobile mode modified moved mozilla msie multiple need negotiate net network nginx " +
  "no none not nt ntlm null observed off ok okhttp on opera options origin os partial password payload payment perl " +
  "permanently policy port post powershell precondition protocols proxied proxy put python quic range reached redirect " +
  "refused request requests required reset resolve rv safari security see server service site smtp spdy ssl success " +
  "supported switching tcp temporarily temporary timed timeout tls too trident true tunnel ubuntu unauthorized " +
  "unavailable unix unknown unreachable unsupported upgrade uri url urllib user users version via violation web webkit " +
  "wget win win32 win64 windows winhttp wow64 x11 x64 x86 yes"
).split(" ");

/** Words in the names of Squid's own pages (`X-Squid-Error`; its `errors/` and `err_type.h`), which anybody's Squid has. */
const USUAL_IN_PAGES = (
  "big cannot conflict dir down err esi exp fail forward forwarding icap invalid lifetime listing mgr object only precondition " +
  "protocol read relay req resolve resp secure shutting size socket unsup urn write zero"
).split(" ");

/** Words in the paths of many sites. */
const USUAL_IN_PATHS = (
  "account accounts activesync ajax api app apps asp aspx assets auth autodiscover css data default dist doc docs " +
  "document documents download downloads edit en ews exchange favicon feed file files font fonts generate gif health " +
  "healthcheck home htm html ico image images img inbox index jpeg jpg js json jsp lib list login logout mail main mapi " +
  "me media member members min news oauth oauth2 owa pac page pages path pdf php ping pixel png portal profile public " +
  "rest rpc script scripts search session share signin signout site sites soap sso static status style styles success " +
  "svg test text to token txt update updates upload v1 v2 v3 v4 web wpad wsdl xml zip"
).split(" ");

/** Words of usual header fields (IANA's registry, and what sites and the software in front of them add). */
const USUAL_IN_HEADERS = (
  "accel ads age aka akamai allow alt amz aspnet backend cache cdn cf clacks correlation coop corp cors cross csp dns " +
  "device dispatcher drupal duration edge embedder encoded expect features fetch frame generator hits id info isolation " +
  "key link litespeed ms nel opener origin overhead p3p pad permissions permitted pingback powered prefetch proto " +
  "protection ray real referrer reporting robots runtime sec served sniff sourcemap strict surrogate tag timer timing " +
  "trace transport ua uuid varnish vary with wp xss"
).split(" ");

/** What the program's sentences say beside what it explains. `test/report/redact.test.ts` looks for words that are missing here. */
const SAID = (
  "absolute accepts accessibility accompany accounts acl adaptation add addon addresses admit admits admitted " +
  "against alerts alike allows already anew anything api applications archive article audit authenticated " +
  "authentications author away beats became become been began begin begins belong beside beyond block body buffer " +
  "byte cache calls captured card carried cause certain change changes checks chunk claims closer codes completed " +
  "compressed computer conditions considerations contents contradicts convert copied copies copy correct count " +
  "credential damaged datagram debian decide decided decoded decrypts deleted denied deny described description " +
  "detection device differences differs directory disagree document dropped dst dump dynamic earlier else endpoint " +
  "enough entered entry environment errors established evaluated everywhere exceed exempted exist exported extended " +
  "external fails files find finished finishing fits folder force forced form format formats found fragments front " +
  "full function further gap gateway goes gone grants gvfs half hand handed happen head hello hellos helper hex " +
  "hold holds insist interface interfaces into issues joined json just kept knew knowledge large last layers leads " +
  "leaves left lengths less lets likely limit limited lines link links linux list little localhost logs longer " +
  "looked lose made make makes man manager mark matched maximum meanwhile memory mends met mixed mono mostly move " +
  "mozilla ms named near nearer needed networking nobody nowhere number offset ones option options origins " +
  "otherwise overlap pages passed passes permission phrase pipe ports possible possibly private properties " +
  "proxyauth public put qt reaches reader reading reason received recording redirected redirects refer refers " +
  "refusal refuse registered rename reordercap reports reserved response responses return rfc right ring ruled save " +
  "saved says schannel schedule seconds secrets section security seem segments selectively sender sequence servers " +
  "session sessions sets setting settings showed silence since sites size smart snapped software specification " +
  "spite splice spoke spoken stand stands status step still stopped store stream subversion suffer suite symbolic " +
  "system table text theirs themselves tickets timed times took traces transfer treat trying tunneling typed " +
  "typical unasked unauthenticated under unexpected unpack unpacked unread unrelated unseen unsupported users " +
  "validation values variable verdicts via waits want ways weak website whatever when while whom why wireshark " +
  "words worker works writer written wrote yourself zeros"
).split(" ");

let ordinary: ReadonlySet<string> | null = null;

/**
 * Whether `word` may stand in the program's own sentences whatever was met: what somebody is called like would make them
 * unreadable, and would tell by the gap what that name is.
 */
export function isOrdinary(word: string): boolean {
  ordinary ??= new Set([...vocabulary().words, ...SAID, ...productWords().map((product) => product.toLowerCase())]);
  return word.length < 2 || /^\d{1,3}$/.test(word) || isKnownScheme(word) || ordinary.has(word.toLowerCase());
}

let headerWords: ReadonlySet<string> | null = null;

/** Whether `word` stands in the names of header fields of many sites. */
export function isUsualInHeaders(word: string): boolean {
  headerWords ??= new Set(USUAL_IN_HEADERS);
  return headerWords.has(word.toLowerCase()) || isHarmless(word);
}

let harmless: ReadonlySet<string> | null = null;

/** Whether `word` would stand in such a text whoever it is about. */
export function isHarmless(word: string): boolean {
  return word.length < 2 || SHORT_NUMBER.test(word) || words().has(word.toLowerCase());
}

function words(): ReadonlySet<string> {
  harmless ??= new Set([
    ...USUAL,
    ...USUAL_IN_PATHS,
    ...USUAL_IN_PAGES,
    ...vocabulary().words,
    ...productWords().map((word) => word.toLowerCase()),
  ]);
  return harmless;
}

let own: { readonly words: ReadonlySet<string>; readonly dotted: ReadonlySet<string> } | null = null;

/** The words of all explanations, but for their examples, which have names in them. */
export function vocabulary(): NonNullable<typeof own> {
  if (own !== null) return own;
  const text = explanations()
    .flatMap(({ title, meaning, looksLike, evidence, advice }) => [
      ...[title, meaning, looksLike, evidence, advice.helpdesk, advice.proxyAdmin],
    ])
    .join(" ");
  own = {
    // Words in lower case and abbreviations: what begins with a capital may be a name.
    words: new Set(
      (text.match(/(?<![\p{L}.])(?:\p{Ll}+|\p{Lu}{2,})(?!\p{L}|\.\p{L})/gu) ?? []).map((word) => word.toLowerCase()),
    ),
    dotted: new Set([
      ...(text.toLowerCase().match(/[a-z0-9_]+(?:\.[a-z0-9_]+)+/g) ?? []),
      // Java's own name for it, which a sentence cites.
      ...["tcp.stream", "frame.number", "jdk.http.auth.tunneling.disabledschemes"],
    ]),
  };
  return own;
}
