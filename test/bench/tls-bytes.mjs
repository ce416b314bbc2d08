// Bytes of TLS for the benchmark's captures: hellos as a browser and a server send them, records of noise.

/** A pseudo-random byte source: encrypted bytes do not compress and do not repeat. */
export const NOISE = Buffer.alloc(1 << 20);
for (let i = 0, x = 88_172_645; i < NOISE.length; i += 4) {
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  NOISE.writeInt32LE(x, i);
}

const u16 = (value) => [value >> 8, value & 255];
const block = (bytes) => [...u16(bytes.length), ...bytes];

/** A TLS 1.3 ClientHello as a browser sends it, with this name; 32 random bytes of its own where there are keys for it. */
export function clientHello(name, random = NOISE.subarray(0, 32)) {
  const host = [...Buffer.from(name)];
  const extension = (type, body) => [...u16(type), ...block(body)];
  const extensions = [
    ...extension(0, block([0, ...block(host)])),
    ...extension(10, block([0x00, 0x1d, 0x00, 0x17, 0x00, 0x18])),
    ...extension(11, [1, 0]),
    ...extension(13, block([4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1])),
    ...extension(16, block([2, 0x68, 0x32, 8, ...Buffer.from("http/1.1")])),
    ...extension(43, [4, 3, 4, 3, 3]),
    ...extension(51, block([0x00, 0x1d, ...block(Array(32).fill(7))])),
    ...extension(21, Array(120).fill(0)),
  ];
  const suites = [0x13, 1, 0x13, 2, 0x13, 3, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30];
  const body = [3, 3, ...random, 32, ...NOISE.subarray(32, 64), ...block(suites), 1, 0, ...block(extensions)];
  const message = [1, 0, ...u16(body.length), ...body];
  return Buffer.from([22, 3, 1, ...block(message)]);
}

/** ServerHello (TLS_AES_128_GCM_SHA256) and ChangeCipherSpec. */
export function serverHello() {
  const extensions = [0, 43, 0, 2, 3, 4, 0, 51, 0, 36, 0, 29, 0, 32, ...Array(32).fill(9)];
  const body = [3, 3, ...NOISE.subarray(64, 96), 32, ...NOISE.subarray(32, 64), 0x13, 1, 0, ...block(extensions)];
  const hello = [2, 0, ...u16(body.length), ...body];
  return Buffer.from([22, 3, 3, ...block(hello), 20, 3, 3, 0, 1, 1]);
}

/** What a server sends first: its hello, and its certificates in a record that nobody can read. */
export function serverFlight() {
  return Buffer.concat([serverHello(), record(2600)]);
}

/** A record of application data with `length` bytes of noise. */
export function record(length) {
  const at = (length * 31) % (NOISE.length - length);
  return Buffer.concat([Buffer.from([23, 3, 3, ...u16(length)]), NOISE.subarray(at, at + length)]);
}

/** `length` bytes that do not compress. */
export function noise(length) {
  return Buffer.concat(Array(Math.ceil(length / NOISE.length)).fill(NOISE), length);
}
