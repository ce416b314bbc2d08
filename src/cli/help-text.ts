// The words that stand in the help and in the manual page.

/** Commands to begin with, and what each is for. */
export const EXAMPLES: readonly (readonly [command: string, what: string])[] = [
  ["pcapcheck capture.pcap", "one capture, on the terminal"],
  ["pcapcheck -k keys.log capture.pcapng", "with the browser's key log: inside TLS, too"],
  ["pcapcheck -t 3 capture.pcap", "one connection in full (tcp.stream 3)"],
  ["pcapcheck -f line *.pcap", "a line for each, for scripts and tickets"],
  ["tcpdump -w - port 8080 | pcapcheck -", "from standard input"],
  ["pcapcheck -f html -o report.html *.pcap", "a page to pass on"],
  ["pcapcheck --policy-trace t.txt c.pcap", "with the proxy's own account of it"],
  ["pcapcheck audit --journal j.ndjson captures", "many captures, with a summary"],
  ["pcapcheck explain tunnel-401-proxy", "what it means, and what to do"],
];

export const EXIT_CODES: readonly (readonly [code: number, what: string])[] = [
  [0, "nothing wrong, and all of it could be seen"],
  [1, "something is wrong"],
  [2, "could not be checked: usage, unreadable file, not a capture"],
  [3, "nothing wrong seen, but not all could be seen"],
];

const COMMAND_COLUMNS = 43;

/** What stands below the options in the help. */
export const MORE_HELP = `
Examples:
${EXAMPLES.map(([command, what]) => `  ${command.padEnd(COMMAND_COLUMNS)} ${what}`).join("\n")}

Exit codes:
${EXIT_CODES.map(([code, what]) => `  ${code}  ${what}`).join("\n")}
  Of many captures: 2 if any could not be checked, else 1 if anything is wrong,
  else 3, else 0.`;
