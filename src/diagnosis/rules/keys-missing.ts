// Which tunnels could not be read, and how to get the keys.
import { finding, type Rule, type RuleText } from "../rule.ts";
import { count, targetText } from "../wording.ts";

/** Targets named in the finding; the table has the rest. */
const MAX_NAMED = 5;

const TEXT: RuleText = {
  id: "keys-missing",
  severity: "info",
  title: "Tunnels that could not be read: keys are missing",
  meaning:
    "A 401 inside TLS can only be seen with the keys of that very connection. Programs write them to a key log file if they are told to, before they start.",
  looksLike: "Tunnels with the verdict encrypted.",
  example: ["12 tunnels, 4 of them opened with the key log, 8 not: their program wrote no keys"],
  evidence: "How many tunnels, to which targets.",
  advice: {
    helpdesk:
      "Record again with keys. Chrome, Edge and Firefox: close all windows, set the environment variable SSLKEYLOGFILE to a file name (Windows: setx SSLKEYLOGFILE %USERPROFILE%\\keys.log, then sign in again; Linux and macOS: export SSLKEYLOGFILE=$HOME/keys.log), start the browser from there, start the capture, show the problem, stop. curl and programs with OpenSSL or GnuTLS that honour the variable: the same. Java: start it with a key log agent (-javaagent). Then: pcapcheck --keylog keys.log capture.pcap. The file opens everything that was recorded: delete it afterwards.",
    proxyAdmin:
      "Where keys cannot be had from the client: a policy trace of the same minutes shows client.response.code and server.response.code of each transaction, and a record on the proxy shows both legs.",
  },
  references: ["NSS key log format", "RFC 8446 §7.1 (key schedule)"],
};

export const keysMissing: Rule = {
  ...TEXT,
  find(capture) {
    const unread = capture.connections.filter(
      ({ timeline }) => timeline.tunnel?.protocol === "tls" && timeline.tunnel.inside !== "full",
    );
    const shut = unread.filter(({ timeline }) => timeline.tunnel?.tls?.handshakeComplete === true);
    const folded = capture.folded
      .filter(({ verdict }) => verdict === "encrypted")
      .reduce((sum, group) => sum + group.count, 0);
    const total = shut.length + folded;
    if (total === 0) return [];
    const targets = [...new Set(shut.map(({ timeline }) => targetText(timeline)))];
    const named = targets.slice(0, MAX_NAMED).join(", ");
    const more = targets.length > MAX_NAMED ? ` and ${targets.length - MAX_NAMED} more` : "";
    const { keys } = capture;
    const unfit =
      keys.sessions > 0 && keys.decrypted === 0
        ? ` The key log holds ${count(keys.sessions, "session")}, but none of them is one of the ${count(keys.tlsConnections, "TLS connection")} that were tried: it belongs to another recording.`
        : "";
    const detail = `${count(total, "tunnel")} could not be read (${named}${more}): whether a 401 came inside cannot be seen.${unfit}`;
    return [finding(TEXT, null, { detail, frames: [] })];
  },
};
