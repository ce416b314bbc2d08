// Every encapsulation that is decoded: by its specification, and as tshark reads the same bytes.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hex } from "../../src/bytes/index.ts";
import { PcapngBlocks } from "../harness/capture-file.ts";
import { concat, seeAlone } from "./build.ts";
import { ENCAPSULATIONS, type EncapsulationRow } from "./rows.ts";

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;

describe("encapsulations", () => {
  it.each(ENCAPSULATIONS)("$name", ({ linkType, data, seen }) => {
    expect(seeAlone(data, { linkType })).toEqual(seen);
  });

  it.skipIf(!hasTshark)(
    `are read by tshark in the same way, or the row says why not${hasTshark ? "" : " (skipped: no tshark)"}`,
    () => {
      const answers = tshark(ENCAPSULATIONS);
      const differing = ENCAPSULATIONS.filter((row, i) => answers[i] !== expectedOfTshark(row));
      const excused = ENCAPSULATIONS.filter((row) => row.tsharkDiffers !== undefined);
      expect(differing.map(({ name }) => name)).toEqual(excused.map(({ name }) => name));
    },
  );
});

/** Innermost ports and addresses, or "". */
function expectedOfTshark({ seen }: EncapsulationRow): string {
  return seen === null ? "" : `${seen.from} ${seen.to}`;
}

/** What tshark says of each row, all in one capture with an interface per row. */
function tshark(rows: readonly EncapsulationRow[]): readonly string[] {
  const blocks = new PcapngBlocks();
  const file = concat(
    blocks.section(),
    ...rows.map(({ linkType }) => blocks.interface(linkType)),
    ...rows.map(({ data }, i) => blocks.packet(data, BigInt(i), i)),
  );
  const folder = mkdtempSync(join(tmpdir(), "packet-"));
  try {
    const path = join(folder, "rows.pcapng");
    writeFileSync(path, file);
    // The address columns show what the innermost dissector took for the addresses of the conversation.
    const fields = ["tcp.stream", "tcp.srcport", "tcp.dstport", "_ws.col.Source", "_ws.col.Destination"];
    const args = ["-n", "-r", path, "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
    const output = execFileSync("tshark", args, { encoding: "latin1", stdio: ["ignore", "pipe", "ignore"] });
    return output
      .split("\n")
      .slice(0, rows.length)
      .map((line) => {
        const [stream = "", from = "", to = "", source = "", destination = ""] = line.split("\t");
        return stream === "" ? "" : `${addressHex(source)}:${from} ${addressHex(destination)}:${to}`;
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function addressHex(text: string): string {
  if (!text.includes(":")) return hex(Uint8Array.from(text.split("."), Number));
  const [head = "", tail = ""] = text.split("::");
  const groups = (part: string) => part.split(":").filter((group) => group !== "");
  const middle = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => "0");
  return [...groups(head), ...middle, ...groups(tail)].map((group) => group.padStart(4, "0")).join("");
}
