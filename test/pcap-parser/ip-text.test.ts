// Addresses as text; the rules of RFC 5952 by their sections, and Node's own parser as the judge.
import { SocketAddress } from "node:net";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ipv4Text, ipv4TextOf, ipv6Text } from "../../src/pcap-parser/index.ts";

const bytesOf = (groups: readonly number[]): Uint8Array =>
  Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));

it("writes IPv4 from any place", () => {
  expect(ipv4Text(Uint8Array.of(9, 10, 0, 255, 1), 1)).toBe("10.0.255.1");
  // Twice: texts are remembered, in fewer places than there are addresses.
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5_000; i++)
      expect(ipv4TextOf((192 << 24) | (168 << 16) | i)).toBe(`192.168.${i >> 8}.${i & 255}`);
  }
});

it.each([
  ["leading zeros go (§4.1)", [0x2001, 0xdb8, 1, 2, 3, 4, 5, 6], "2001:db8:1:2:3:4:5:6"],
  ["a single zero group stays (§4.2.2)", [0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], "2001:db8:0:1:1:1:1:1"],
  ["the longest run goes (§4.2.3)", [0x2001, 0, 0, 1, 0, 0, 0, 1], "2001:0:0:1::1"],
  ["of equal runs the first goes (§4.2.3)", [0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], "2001:db8::1:0:0:1"],
  ["letters are small (§4.3)", [0xabcd, 0xef, 1, 1, 1, 1, 1, 1], "abcd:ef:1:1:1:1:1:1"],
  ["all zeros", [0, 0, 0, 0, 0, 0, 0, 0], "::"],
  ["zeros in front", [0, 0, 0, 0, 0, 0, 0, 1], "::1"],
  ["zeros behind", [0xfe80, 0, 0, 0, 0, 0, 0, 0], "fe80::"],
])("writes IPv6: %s", (_, groups, text) => {
  expect(ipv6Text(bytesOf(groups))).toBe(text);
});

it("writes any IPv6 address so that it reads back the same", () => {
  const group = fc.oneof(fc.constant(0), fc.nat({ max: 0xffff }));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const full = groups.map((each) => each.toString(16)).join(":");
      const canonical = (address: string): string => new SocketAddress({ address, family: "ipv6" }).address;
      expect(canonical(ipv6Text(bytesOf(groups)))).toBe(canonical(full));
    }),
  );
});
