// Makes the benchmark's captures: the same bytes for the same sizes, so that figures of different days can be compared.
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

const PROXY = [10, 0, 0, 2];
const PROXY_PORT = 8080;
const MSS = 1448;
const RECORD = 16_384;

/** Writes a pcap through a buffer; every packet is Ethernet, IPv4 and TCP or UDP. */
class PcapWriter {
  constructor(path) {
    this.descriptor = openSync(path, "w");
    this.buffer = Buffer.alloc(8 << 20);
    this.length = 0;
    this.bytes = 0;
    this.packets = 0;
    this.micros = 0;
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(262_144, 16);
    header.writeUInt32LE(1, 20);
    this.#append(header, 0, 24);
  }

  #append(bytes, start, end) {
    if (this.length + end - start > this.buffer.length) this.#flush();
    this.length += bytes.copy(this.buffer, this.length, start, end);
    this.bytes += end - start;
  }

  #flush() {
    writeSync(this.descriptor, this.buffer, 0, this.length);
    this.length = 0;
  }

  packet(headers, payload, start, end) {
    const length = headers.length + end - start;
    const record = Buffer.alloc(16);
    this.micros += 3;
    record.writeUInt32LE(1_700_000_000 + Math.floor(this.micros / 1e6), 0);
    record.writeUInt32LE(this.micros % 1e6, 4);
    record.writeUInt32LE(length, 8);
    record.writeUInt32LE(length, 12);
    this.#append(record, 0, 16);
    this.#append(headers, 0, headers.length);
    if (end > start) this.#append(payload, start, end);
    this.packets++;
  }

  close() {
    this.#flush();
    closeSync(this.descriptor);
  }
}

/** One TCP connection that is written packet by packet. */
class Connection {
  constructor(writer, client, clientPort, server, serverPort) {
    this.writer = writer;
    this.headers = [head(client, clientPort, server, serverPort), head(server, serverPort, client, clientPort)];
    this.next = [1000 + clientPort * 7, 900_000 + clientPort * 13];
    this.#send(0, 0x02);
    this.#send(1, 0x12);
    this.#send(0, 0x10);
  }

  /** Bytes of one side, in segments; the peer acknowledges every second one. */
  data(side, bytes, start = 0, end = bytes.length) {
    let unacknowledged = 0;
    for (let at = start; at < end; at += MSS) {
      this.#send(side, 0x18, bytes, at, Math.min(end, at + MSS));
      if (++unacknowledged === 2) {
        this.#send(1 - side, 0x10);
        unacknowledged = 0;
      }
    }
  }

  close() {
    this.#send(0, 0x11);
    this.#send(1, 0x11);
    this.#send(0, 0x10);
  }

  #send(side, flags, bytes = EMPTY, start = 0, end = bytes.length) {
    const headers = this.headers[side];
    const payload = end - start;
    headers.writeUInt16BE(40 + payload, 16);
    headers.writeUInt32BE(this.next[side] >>> 0, 38);
    headers.writeUInt32BE((flags & 0x10) !== 0 ? this.next[1 - side] >>> 0 : 0, 42);
    headers[47] = flags;
    this.writer.packet(headers, bytes, start, end);
    this.next[side] += payload + ((flags & 0x03) !== 0 ? 1 : 0);
  }
}

const EMPTY = Buffer.alloc(0);

function head(source, sourcePort, destination, destinationPort) {
  const headers = Buffer.alloc(54);
  headers.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0], 0);
  headers.set([64, 6], 22);
  headers.set(source, 26);
  headers.set(destination, 30);
  headers.writeUInt16BE(sourcePort, 34);
  headers.writeUInt16BE(destinationPort, 36);
  headers[46] = 0x50;
  headers.writeUInt16BE(64_240, 48);
  return headers;
}

/** A pseudo-random byte source: encrypted bytes do not compress and do not repeat. */
const NOISE = Buffer.alloc(1 << 20);
for (let i = 0, x = 88_172_645; i < NOISE.length; i += 4) {
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  NOISE.writeInt32LE(x, i);
}

const u16 = (value) => [value >> 8, value & 255];
const block = (bytes) => [...u16(bytes.length), ...bytes];

/** A TLS 1.3 ClientHello as a browser sends it, with this name. */
function clientHello(name) {
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
  const body = [
    3,
    3,
    ...NOISE.subarray(0, 32),
    32,
    ...NOISE.subarray(32, 64),
    ...block(suites),
    1,
    0,
    ...block(extensions),
  ];
  const message = [1, 0, ...u16(body.length), ...body];
  return Buffer.from([22, 3, 1, ...block(message)]);
}

function serverFlight() {
  const extensions = [0, 43, 0, 2, 3, 4, 0, 51, 0, 36, 0, 29, 0, 32, ...Array(32).fill(9)];
  const body = [3, 3, ...NOISE.subarray(64, 96), 32, ...NOISE.subarray(32, 64), 0x13, 1, 0, ...block(extensions)];
  const hello = [2, 0, ...u16(body.length), ...body];
  return Buffer.concat([Buffer.from([22, 3, 3, ...block(hello), 20, 3, 3, 0, 1, 1]), record(2600)]);
}

function record(length) {
  const at = (length * 31) % (NOISE.length - length);
  return Buffer.concat([Buffer.from([23, 3, 3, ...u16(length)]), NOISE.subarray(at, at + length)]);
}

const SERVER_FLIGHT = serverFlight();
const FINISHED = Buffer.concat([Buffer.from([20, 3, 3, 0, 1, 1]), record(53)]);
const REQUEST = record(620);
const BIG = record(RECORD + 17);
const OPENED = Buffer.from("HTTP/1.1 200 Connection established\r\n\r\n");
const CHALLENGE = Buffer.from(
  'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="bench"\r\nContent-Length: 0\r\n\r\n',
);

/** A tunnel with `bytes` of application data from the proxy's side; every tenth is challenged first. */
function tunnel(writer, number, bytes) {
  const client = [10, 1 + ((number >> 16) & 127), (number >> 8) & 255, number & 255];
  const name = `host-${number % 500}.example.com`;
  const connection = new Connection(writer, client, 20_000 + (number % 40_000), PROXY, PROXY_PORT);
  const connect = `CONNECT ${name}:443 HTTP/1.1\r\nHost: ${name}:443\r\nUser-Agent: bench/1.0\r\nProxy-Connection: keep-alive\r\n`;
  if (number % 10 === 0) {
    connection.data(0, Buffer.from(`${connect}\r\n`));
    connection.data(1, CHALLENGE);
  }
  connection.data(0, Buffer.from(`${connect}Proxy-Authorization: Basic YmVuY2g6YmVuY2g=\r\n\r\n`));
  connection.data(1, OPENED);
  connection.data(0, clientHello(name));
  connection.data(1, SERVER_FLIGHT);
  connection.data(0, FINISHED);
  connection.data(0, REQUEST);
  let left = bytes;
  for (; left >= RECORD; left -= RECORD) connection.data(1, BIG);
  if (left > 0) connection.data(1, record(left));
  connection.close();
}

/** A connection that goes past the proxy: TLS to a server of its own. */
function bypass(writer, number, bytes) {
  const client = [10, 1 + ((number >> 16) & 127), (number >> 8) & 255, number & 255];
  const server = [192, 0, 2, 1 + (number % 250)];
  const connection = new Connection(writer, client, 20_000 + (number % 40_000), server, 443);
  connection.data(0, clientHello(`site-${number % 500}.example.org`));
  connection.data(1, SERVER_FLIGHT);
  connection.data(0, FINISHED);
  for (let left = bytes; left > 0; left -= RECORD) connection.data(1, BIG);
  connection.close();
}

/** About `bytes` of traffic of which a twentieth goes through the proxy. */
export function mixed(folder, bytes) {
  return write(join(folder, `mixed-${bytes}.pcap`), (writer) => {
    for (let number = 0; writer.bytes < bytes; number++) {
      if (number % 20 === 0) tunnel(writer, number, 100_000);
      else bypass(writer, number, 100_000);
    }
  });
}

/** About `bytes` of nothing but tunnels. */
export function tunnels(folder, bytes) {
  return write(join(folder, `tunnels-${bytes}.pcap`), (writer) => {
    for (let number = 0; writer.bytes < bytes; number++) tunnel(writer, number, 1_000_000);
  });
}

/** `count` short tunnels. */
export function small(folder, count) {
  return write(join(folder, `small-${count}.pcap`), (writer) => {
    for (let number = 0; number < count; number++) tunnel(writer, number, 600);
  });
}

/** `count` captures of about `bytes` each, in a folder of their own; returns their paths. */
export function captures(folder, count, bytes) {
  const own = join(folder, `captures-${count}-${bytes}`);
  mkdirSync(own, { recursive: true });
  return Array.from({ length: count }, (_, file) =>
    write(join(own, `${String(file).padStart(5, "0")}.pcap`), (writer) => {
      for (let number = file * 10; writer.bytes < bytes; number++) tunnel(writer, number, 20_000);
    }),
  );
}

function write(path, fill) {
  const writer = new PcapWriter(path);
  fill(writer);
  writer.close();
  return path;
}
