// What waits is bounded by what it takes in memory, not only by its bytes.
import { describe, expect, it } from "vitest";
import { createHttp1Parser, type HttpHead, type ResponseHead } from "../../src/http/index.ts";
import { BodyLook } from "../../src/proxy/body-look.ts";
import { HeldBytes } from "../../src/proxy/held-bytes.ts";

/** All array buffers that are made in `action`, in bytes. */
function allocated(action: () => void): number {
  const before = process.memoryUsage().arrayBuffers;
  action();
  return process.memoryUsage().arrayBuffers - before;
}

describe("bytes that wait", () => {
  it("are some thousand pieces if they come one by one, and the rest is counted", () => {
    const held = new HeldBytes();
    for (let i = 0; i < 200_000; i++) held.add(Uint8Array.of(i), 0, 1, i + 1, 0n);
    const { length, dropped } = held;
    expect(length + dropped).toBe(200_000);
    const pieces = held.take();
    expect(pieces.filter(({ gap }) => gap)).toHaveLength(1);
    expect(pieces.length).toBeLessThanOrEqual(HeldBytes.MAX_PIECES + 1);
  });

  it("are tens of kilobytes if they come in segments of an Ethernet, and begin anew once they were taken", () => {
    const held = new HeldBytes();
    const segment = new Uint8Array(1460);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 70; i++) held.add(segment, 0, segment.length, i + 1, 0n);
      expect([held.length, held.dropped]).toEqual([70 * 1460, 0]);
      held.take();
    }
  });
});

describe("the look at a page", () => {
  const head = (): ResponseHead => {
    const found: ResponseHead[] = [];
    const text = Buffer.from("HTTP/1.1 407 No\r\nContent-Length: 9\r\n\r\n");
    const take = (one: HttpHead): "none" => {
      if (one.kind === "response") found.push(one);
      return "none";
    };
    const sink = { head: take, message: () => {} };
    createHttp1Parser("response", sink, { note: () => {}, now: () => 0n, tag: () => "" }).push(text, 0, text.length, 1);
    return found[0]!;
  };

  it("takes as much memory as the page that came so far", () => {
    const byte = Uint8Array.of(65);
    const looks: BodyLook[] = [];
    const bytes = allocated(() => {
      for (let i = 0; i < 1000; i++) {
        const look = new BodyLook({ tag: () => "", bodyMarks: () => [] });
        look.start(head());
        look.add(byte, 0, 1);
        looks.push(look);
      }
    });
    expect(looks).toHaveLength(1000);
    expect(bytes).toBeLessThan(1000 * 4096);
  });

  it("has every byte of it, however it came", () => {
    const page = Uint8Array.from({ length: 20_000 }, (_, i) => i % 251);
    for (const step of [1, 7, 1460, 20_000]) {
      let seen: Uint8Array = new Uint8Array(0);
      const bodyMarks = (bytes: Uint8Array): readonly string[] => {
        seen = bytes;
        return [];
      };
      const look = new BodyLook({ tag: () => "", bodyMarks });
      look.start(head());
      for (let at = 0; at < page.length; at += step) look.add(page, at, Math.min(page.length, at + step));
      expect(look.finish()).toMatchObject({ bytes: 20_000 });
      expect(seen).toEqual(page.subarray(0, 16 * 1024));
    }
  });
});
