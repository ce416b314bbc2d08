// Where HTTP in the captures of other programs is read in another way than tshark 4.0.17 reads it, one by one, with the reason.

/** By reason, then by "CAPTURE #STREAM KIND": what is read here. */
export const DIFFERENCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "the capture lacks the end of the body, or the connection was reset before it: tshark shows a response only when it is whole":
    {
      "AlexeyVasilev+PcapFlowLab/tests/data/parsing/http/http_partial_response_4.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/tcp-rst-unacked-stream-10/TLPW1-tcp-174.56.47.59-10.3.11.101-tcp-80-49309.pcap #0 responses":
        "200",
      "OISF+suricata-verify/tests/tcp-rst-unacked-stream-11/TLPW1-tcp-47.32.209.86-10.11.23.101-tcp-80-49470.pcap #0 responses":
        "200 200",
      "arkime+arkime/tests/pcap/no-syn-ack.pcap #1 responses": "200",
      "arkime+arkime/tests/pcap/twovlan.pcap #0 responses": "200",
      "cisco+mercury/unit_tests/pcaps/http_auth.pcap #0 responses": "401 200",
      "ntop+nDPI/tests/cfgs/default/pcap/EAQ.pcap #1 responses": "200",
      "ntop+nDPI/tests/cfgs/default/pcap/exe_download.pcap #0 responses": "200",
      "ntop+nDPI/tests/cfgs/default/pcap/exe_download_as_png.pcap #0 responses": "200",
      "ntop+nDPI/tests/cfgs/default/pcap/weibo.pcap #10 responses": "200 200 200 200",
      "ntop+nDPI/tests/cfgs/default/pcap/weibo.pcap #11 responses": "200 200 200",
      "ntop+nDPI/tests/cfgs/default/pcap/weibo.pcap #12 responses": "200 200",
      "ntop+nDPI/tests/cfgs/default/pcap/weibo.pcap #14 responses": "200",
      "ntop+nDPI/tests/cfgs/default/pcap/weibo.pcap #16 responses": "200",
      "simsong+tcpflow/tests/bug6.pcap #5 responses": "200",
      "the-tcpdump-group+tcpdump/tests/accecn_handshake.pcap #0 responses": "200",
      "zeek+zeek/testing/btest/Traces/http/http-lower-case-nonstandard-port.pcap #0 responses": "200",
      "zeek+zeek/testing/btest/Traces/pe/pe_files_timestamp.pcap.gz #0 responses": "404 200",
    },
  "a response that is odd on purpose (versions of small letters, empty lines first, line ends, chunk sizes): tshark takes it for none or waits for its end":
    {
      "OISF+suricata-verify/tests/http-evader/http-evader-027/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-028/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-045/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-046/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-050/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-052/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-054/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-055/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-098/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-241/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-364/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-373/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-381/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-384/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-416/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-480/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-489/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-493/input.pcap #0 responses": "200",
      "OISF+suricata-verify/tests/http-evader/http-evader-495/input.pcap #0 responses": "200",
    },
  "the head ends with the connection: what is there of it is given": {
    "OISF+suricata-verify/tests/http-close-headers/input.pcap #0 responses": "200",
  },
  "the capture lacks part of the request's body or head: tshark shows a request only when it is whole": {
    "OISF+suricata-verify/tests/bug-5392/TPWhite-carved-out-7787-s1.pcap #0 requests": "POST /ch23/",
    "ntop+nDPI/tests/cfgs/default/pcap/fuzz-2006-09-29-28586.pcap #17 requests": "GET /servlets/mms?message-id=189001",
    "ntop+nDPI/tests/cfgs/default/pcap/fuzz-2006-09-29-28586.pcap #33 requests":
      "POST /ppgctrl/ppgcon%s\u0000llogic.dll HTTP/d.1",
  },
  "several spaces between method and target: tshark takes the target for empty; and it shows a response only when it is whole":
    {
      "ntop+nDPI/tests/cfgs/default/pcap/http-manipulated.pcap #1 responses": "200 200",
      "OISF+suricata-verify/tests/detect-pcre/detect-pcre-04/input.pcap #0 requests": "POST /",
      "OISF+suricata-verify/tests/detect-pcre/detect-pcre-04/input.pcap #1 requests": "GET /",
      "ntop+nDPI/tests/cfgs/default/pcap/http-manipulated.pcap #1 requests":
        "GET /aaaaaaaaaaaaaaaaaaaaaaaa_very_long_uri | GET /rick.gif",
    },
  "a status that is no number of three digits is no status line (RFC 9112 §4)": {
    "OISF+suricata-verify/tests/http-evader/http-evader-468/input.pcap #0 responses": "",
    "OISF+suricata-verify/tests/http-evader/http-evader-472/input.pcap #0 responses": "",
    "OISF+suricata-verify/tests/http-evader/http-evader-477/input.pcap #0 responses": "",
    "OISF+suricata-verify/tests/http1-noint-status/input.pcap #0 responses": "",
  },
  "tshark takes a gap for the end of what it can read; here bodies of known length are counted across it": {
    "OISF+suricata-verify/tests/http-gap-beyond-body/input.pcap #0 responses": "200 200",
    "OISF+suricata-verify/tests/http-gap-double/input.pcap #0 responses": "200 200 200",
    "OISF+suricata-verify/tests/http-gap-whole-body/input.pcap #0 responses": "200 200 200",
    "OISF+suricata-verify/tests/http-pipeline-files-with-gap/input.pcap #0 responses": "200 200 200",
    "zeek+zeek/testing/btest/Traces/http/content-range-gap.pcap #0 responses": "206",
    "zeek+zeek/testing/btest/Traces/http/entity_gap.pcap #0 responses": "200",
  },
  "a space in the target: it ends where the version begins, as servers read it (RFC 9112 §3)": {
    "OISF+suricata-verify/tests/http-uri-spaces/input.pcap #0 requests": "GET /uri afterspace",
  },
  "an urgent byte in the middle of a method: tshark leaves it out of the stream in another way": {
    "OISF+suricata-verify/tests/tcp-urgp-01-oob/tcp-urgent1.pcap #0 requests": "GET /malicXious",
  },
  "packets inside netlink messages are not followed": {
    "mtottenh+pcapsql/fuzz/corpus/fuzz_pcap_reader/netlink-conntrack.pcap #0 requests": "",
    "mtottenh+pcapsql/fuzz/corpus/fuzz_pcap_reader/netlink-conntrack.pcap #0 responses": "",
    "mtottenh+pcapsql/fuzz/corpus/fuzz_pcap_reader/netlink-nflog.pcap #0 requests": "",
    "mtottenh+pcapsql/fuzz/corpus/fuzz_pcap_reader/netlink-nflog.pcap #0 responses": "",
  },
  "the target was damaged by a fuzzer: no such form begins a connection that is taken for HTTP": {
    "ntop+nDPI/tests/cfgs/default/pcap/fuzz-2006-09-29-28586.pcap #10 requests": "",
  },
  "HTTP inside SOCKS, which is not undone": {
    "ntop+nDPI/tests/cfgs/default/pcap/socks.pcap #5 requests": "",
    "ntop+nDPI/tests/cfgs/default/pcap/socks.pcap #5 responses": "",
  },
  "what a tunnel carries is another conversation, which is not followed in this test": {
    "OISF+suricata-verify/tests/http-connect/http-connect-simple/input.pcap #0 requests": "CONNECT abc:443",
  },
  "methods that tshark 4.0 does not know": {
    "zeek+zeek/doc/traces/quickstart.pcap #1 requests": "unknown /",
    "zeek+zeek/testing/btest/Traces/http/query-method.pcap #0 requests": "QUERY /users",
  },
  "a folded Transfer-Encoding is chunked (RFC 9112 §5.2): the bytes behind it are the next request": {
    "zeek+zeek/testing/btest/Traces/http/261/variant-09-te_obs_fold.pcap #0 requests": "POST / | GET /smuggled-obsfold",
  },
};
