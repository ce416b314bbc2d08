// What a decoder counts and notes, and what it does at the edges of a packet.
import { describe, expect, it } from "vitest";
import {
  bytes,
  concat,
  ETH_TCP,
  ethernet,
  IP_TCP,
  ipv4,
  ipv6,
  noting,
  SEEN,
  see,
  seeAlone,
  tagged,
  tcp,
  udp,
  view,
  zeros,
} from "./build.ts";

describe("a decoder", () => {
  it("counts packets, segments and link types that it does not know", () => {
    const { decoder, notes } = noting();
    see(decoder, ETH_TCP);
    see(decoder, ethernet(0x0806, zeros(46)));
    for (const linkType of [147, 147, 189]) see(decoder, ETH_TCP, { linkType });
    expect(decoder.counts()).toEqual({
      packets: 5,
      tcpSegments: 1,
      unknownLinkTypes: new Map([
        [147, 2],
        [189, 1],
      ]),
      cut: 0,
      malformed: 0,
      incompleteDatagrams: 0,
      quicInitials: 0,
      firstQuic: null,
    });
    expect(notes).toEqual([]);
  });

  // RFC 9000 §17.2.2, §17.2.4, §17.3.1; RFC 9369 §3.2.
  it.each([
    ["version 1", 443, "c3 00000001 08", true],
    ["version 2", 443, "d3 6b3343cf 08", true],
    ["a Handshake packet", 443, "e3 00000001 08", false],
    ["a Handshake packet of version 2", 443, "f3 6b3343cf 08", false],
    ["a short header", 443, "43 00000001 08", false],
    ["a version that nobody knows", 443, "c3 00000002 08", false],
    ["a cut version", 443, "c3 000000", false],
    ["nothing", 443, "", false],
    ["another port", 4433, "c3 00000001 08", false],
  ])("counts what begins QUIC: %s", (_what, port, payload, begins) => {
    const datagram = udp(port, bytes(payload));
    for (const packet of [ethernet(0x0800, ipv4(17, datagram)), ethernet(0x86dd, ipv6(17, datagram))]) {
      const { decoder, notes } = noting();
      see(decoder, ETH_TCP);
      for (const frame of [2, 3]) expect(see(decoder, packet, { frame })).toBeNull();
      expect(decoder.counts()).toMatchObject(
        begins ? { quicInitials: 2, firstQuic: 2 } : { quicInitials: 0, firstQuic: null },
      );
      expect(notes).toEqual([]);
    }
  });

  it("counts no QUIC from a server, nor TCP that looks so", () => {
    const { decoder } = noting();
    const initial = bytes("c3 00000001 08");
    see(decoder, ethernet(0x0800, ipv4(17, udp(50_000, initial, undefined, 443))));
    see(decoder, ethernet(0x0800, ipv4(6, tcp(initial, { ports: [50_000, 443] }))));
    expect(decoder.counts()).toMatchObject({ quicInitials: 0, firstQuic: null, tcpSegments: 1 });
  });

  it("counts a limited number of unknown link types", () => {
    const { decoder } = noting();
    for (let linkType = 1_000; linkType < 1_100; linkType++) see(decoder, zeros(4), { linkType });
    see(decoder, zeros(4), { linkType: 1_000 });
    expect(decoder.counts().unknownLinkTypes.size).toBe(64);
    expect(decoder.counts().unknownLinkTypes.get(1_000)).toBe(2);
  });

  it("notes a cut header with its place in the file", () => {
    const { decoder, notes } = noting();
    see(decoder, ETH_TCP.subarray(0, 40), { wireLength: ETH_TCP.length, frame: 9 });
    expect(notes).toEqual([{ id: "packet-cut", frame: 9, at: 1_034 }]);
    expect(decoder.counts().cut).toBe(1);
  });

  it("notes a malformed header with its place in the file", () => {
    const { decoder, notes } = noting();
    see(decoder, ethernet(0x0800, ipv4(6, tcp(), { total: 12 })), { frame: 9 });
    expect(notes).toEqual([{ id: "packet-malformed", frame: 9, at: 1_014 }]);
    expect(decoder.counts().malformed).toBe(1);
  });

  it("passes a segment whose payload was cut, with its length on the wire", () => {
    const whole = ethernet(0x0800, ipv4(6, tcp(zeros(1_000))));
    const { decoder } = noting();
    expect(decoder.decode(view(whole.subarray(0, 96), { wireLength: whole.length }))).toBe(true);
    const { payloadStart, payloadEnd, payloadLength } = decoder.segment;
    expect([payloadEnd - payloadStart, payloadLength]).toEqual([42, 1_000]);
    expect(decoder.counts().cut).toBe(0);
  });

  it("passes a segment of which the options were cut", () => {
    const whole = ethernet(0x0800, ipv4(6, tcp(zeros(10), { options: bytes("0101080a 0000000100000002") })));
    const seen = seeAlone(whole.subarray(0, 14 + 20 + 24), { wireLength: whole.length });
    expect(seen).toEqual({ ...SEEN, payload: "", length: 10 });
  });

  it("cuts the frame check sequence off, if the capture says there is one", () => {
    const offloaded = ethernet(0x0800, ipv4(6, tcp(), { total: 0 }));
    const data = concat(offloaded, bytes("12345678"));
    expect(seeAlone(data, { fcsBytes: 4 })).toEqual(SEEN);
    // The snap length took part of it.
    expect(seeAlone(data.subarray(0, data.length - 3), { fcsBytes: 4, wireLength: data.length })).toEqual(SEEN);
    expect(seeAlone(data)?.length).toBe(9);
  });

  it("ignores a wire length below what was captured", () => {
    expect(seeAlone(ETH_TCP, { wireLength: 20 })).toEqual(SEEN);
  });

  it("goes through tags in tags, and through tunnels in tunnels, but not without end", () => {
    let frame = tagged("0005", 0x0800, IP_TCP);
    for (let i = 0; i < 20; i++) frame = tagged("0005", 0x8100, frame);
    expect(seeAlone(ethernet(0x8100, frame))).toEqual(SEEN);
    let packet = IP_TCP;
    for (let i = 0; i < 20; i++) packet = ipv4(4, packet);
    expect(seeAlone(packet, { linkType: 101 })).toEqual(SEEN);
    for (let i = 0; i < 80; i++) packet = ipv4(4, packet);
    const { decoder } = noting();
    expect(see(decoder, packet, { linkType: 101 })).toBeNull();
    expect(decoder.counts().malformed).toBe(1);
  });

  it("takes what ends without a packet for neither cut nor malformed", () => {
    const { decoder, notes } = noting();
    see(decoder, bytes("02 00 0005 0500 0a00 61"), { linkType: 239 });
    see(decoder, bytes("02 00 0005 0500 0a00 61 000000 ffff"), { linkType: 239 });
    see(decoder, concat(bytes("000641ff"), zeros(13)), { linkType: 219 });
    expect(notes).toEqual([]);
  });

  it("counts a header that contradicts its datagram as a segment, and as malformed", () => {
    const { decoder, notes } = noting();
    see(decoder, ethernet(0x0800, ipv4(6, tcp(zeros(0), { offset: 4 }))));
    expect(decoder.counts()).toMatchObject({ tcpSegments: 1, malformed: 1 });
    expect(notes.map(({ id }) => id)).toEqual(["packet-malformed"]);
  });

  it("goes through 32 labels of MPLS, and not through more", () => {
    const stack = (labels: number) => concat(zeros(4 * (labels - 1)), bytes("000001ff"), IP_TCP);
    expect(seeAlone(stack(32), { linkType: 219 })).toEqual(SEEN);
    const { decoder } = noting();
    expect(see(decoder, stack(33), { linkType: 219 })).toBeNull();
    // What was cut off does not matter any more.
    expect(see(decoder, zeros(160), { linkType: 219, wireLength: 1_000 })).toBeNull();
    expect(decoder.counts()).toMatchObject({ malformed: 2, cut: 0 });
  });

  it("takes the lower of two tunnel ports", () => {
    const vxlan = concat(bytes("08000000 00000100"), ETH_TCP);
    expect(seeAlone(ethernet(0x0800, ipv4(17, udp(6_081, vxlan, undefined, 4_789))))).toEqual(SEEN);
    expect(seeAlone(ethernet(0x0800, ipv4(17, udp(4_789, vxlan, undefined, 4_341))))).toBeNull();
  });

  it("forgets that a packet was quoted", () => {
    const { decoder } = noting();
    const error = ethernet(0x0800, ipv4(1, concat(bytes("0301 0000 00000000"), IP_TCP)));
    expect([error, ETH_TCP].map((data) => see(decoder, data)?.quoted)).toEqual([true, false]);
  });
});
