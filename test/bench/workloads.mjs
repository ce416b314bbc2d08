// Makes the benchmark's captures: the same bytes for the same sizes, so that figures of different days can be compared.
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Disorder } from "./disorder.mjs";
import { KeyedTls } from "./keyed-tls.mjs";
import { clientHello, noise, record, serverFlight } from "./tls-bytes.mjs";

const PROXY = [10, 0, 0, 2];
const PROXY_PORT = 8080;
const MSS = 1448;
const RECORD = 16_384;

/** Writes a pcap through a buffer; every packet is Ethernet, IPv4 and TCP or UDP. */
class PcapWriter {
  constructor(path, bufferBytes = 8 << 20) {
    this.descriptor = openSync(path, "w");
    this.buffer = Buffer.alloc(bufferBytes);
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
  return made(folder, `mixed-${bytes}`, (writer) => {
    let tunnels = 0;
    let challenges = 0;
    for (let number = 0; writer.bytes < bytes; number++) {
      if (number % 20 === 0) {
        tunnel(writer, number, 100_000);
        tunnels++;
        if (number % 10 === 0) challenges++;
      } else bypass(writer, number, 100_000);
    }
    return { tunnels, challenges };
  });
}

/** About `bytes` of nothing but tunnels. */
export function tunnels(folder, bytes) {
  return made(folder, `tunnels-${bytes}`, (writer) => {
    let number = 0;
    for (; writer.bytes < bytes; number++) tunnel(writer, number, 1_000_000);
    return { tunnels: number, challenges: Math.ceil(number / 10) };
  });
}

/** `count` short tunnels. */
export function small(folder, count) {
  return made(folder, `small-${count}`, (writer) => {
    for (let number = 0; number < count; number++) tunnel(writer, number, 600);
    return { tunnels: count, challenges: Math.ceil(count / 10) };
  });
}

/** `count` captures of about `bytes` each, in a folder of their own. */
export function captures(folder, count, bytes) {
  const name = `captures-${count}-${bytes}`;
  const own = join(folder, name);
  const paths = Array.from({ length: count }, (_, file) => join(own, `${String(file).padStart(5, "0")}.pcap`));
  const numbers = remembered(folder, name, () => {
    mkdirSync(own, { recursive: true });
    let tunnels = 0;
    for (const [file, path] of paths.entries()) {
      const writer = new PcapWriter(path, 1 << 18);
      for (let number = file * 10; writer.bytes < bytes; number++, tunnels++) tunnel(writer, number, 20_000);
      writer.close();
    }
    return { tunnels };
  });
  return { folder: own, paths, numbers };
}

/** Tunnels of TLS 1.3 with their keys: requests and answers inside, every 31st of them a 401, and a little disorder on the way. */
export function keyed(folder, bytes) {
  const keys = join(folder, `tls-${bytes}.keys.log`);
  const capture = made(folder, `tls-${bytes}`, (writer) => {
    const lines = [];
    const numbers = { tunnels: 0, responses: 0, challenges: 0 };
    for (; writer.bytes < bytes; numbers.tunnels++) keyedTunnel(writer, numbers, lines);
    writeFileSync(keys, `${lines.join("\n")}\n`);
    return numbers;
  });
  return { ...capture, keys };
}

const EXCHANGES = 10;

function keyedTunnel(writer, numbers, lines) {
  const number = numbers.tunnels;
  const host = `host-${number}.example.com`;
  const disorder = new Disorder(writer, number);
  const connection = new Connection(disorder, [10, 1, number >> 8, number & 255], 30_000 + number, PROXY, PROXY_PORT);
  connection.data(0, Buffer.from(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`));
  connection.data(1, OPENED);
  const tls = new KeyedTls(number, host);
  lines.push(...tls.keyLog);
  connection.data(0, tls.clientHello);
  connection.data(1, tls.serverFlight);
  connection.data(0, tls.clientFinished);
  for (let i = 0; i < EXCHANGES; i++) {
    const request = `GET /${number}/${i} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: bench/1.0\r\n\r\n`;
    connection.data(0, tls.fromClient(Buffer.from(request)));
    const guilty = numbers.responses % 31 === 5;
    const length = guilty ? 2_000 : 400_000 + ((numbers.responses * 7_919) % 900_000);
    const head = guilty
      ? `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="bench"\r\nContent-Length: ${length}\r\n\r\n`
      : `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${length}\r\n\r\n`;
    connection.data(1, tls.fromServer(Buffer.concat([Buffer.from(head), noise(length)])));
    numbers.responses++;
    if (guilty) numbers.challenges++;
  }
  disorder.flush();
  connection.close();
}

/** The same capture as pcapng; null without editcap, which converts it. */
export function asPcapng({ path }) {
  const converted = `${path}ng`;
  if (existsSync(converted)) return converted;
  const { status } = spawnSync("editcap", ["-F", "pcapng", path, `${converted}.part`], { stdio: "ignore" });
  if (status !== 0) return null;
  renameSync(`${converted}.part`, converted);
  return converted;
}

/** Raised when a generator's output changes: what lies in the folder from before is made anew. */
const GENERATION = 1;

/** Writes a capture, or finds that of an earlier run; `fill` returns what it put in. */
function made(folder, name, fill) {
  const path = join(folder, `${name}.pcap`);
  const numbers = remembered(folder, name, () => {
    rmSync(`${path}ng`, { force: true });
    const writer = new PcapWriter(path);
    const numbers = fill(writer);
    writer.close();
    return { ...numbers, packets: writer.packets };
  });
  return { path, numbers };
}

/** What a workload holds is written beside it, last: only whole ones are found again. */
function remembered(folder, name, make) {
  const path = join(folder, `${name}.json`);
  if (existsSync(path)) {
    const { generation, numbers } = JSON.parse(readFileSync(path, "utf8"));
    if (generation === GENERATION) return numbers;
    rmSync(path);
  }
  const numbers = make();
  writeFileSync(path, JSON.stringify({ generation: GENERATION, numbers }));
  return numbers;
}
