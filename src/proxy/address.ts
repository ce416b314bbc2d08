// Text form of IP addresses: dotted decimal, and RFC 5952 for IPv6.

/** The address in `bytes` at `offset`; `length` is 4 or 16. */
export function formatAddress(bytes: Uint8Array, offset: number, length: 4 | 16): string {
  if (length === 4) return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[offset + i]! << 8) | bytes[offset + i + 1]!);
  const [from, count] = longestZeroRun(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  // RFC 5952 §4.2.2: a single zero group is not shortened.
  if (count < 2) return text(groups);
  return `${text(groups.slice(0, from))}::${text(groups.slice(from + count))}`;
}

function longestZeroRun(groups: readonly number[]): readonly [from: number, count: number] {
  let best = 0;
  let bestCount = 0;
  for (let i = 0; i < groups.length; i++) {
    let count = 0;
    while (groups[i + count] === 0) count++;
    if (count > bestCount) {
      best = i;
      bestCount = count;
    }
    i += count;
  }
  return [best, bestCount];
}
