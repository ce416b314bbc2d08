// A way on which packets of one connection overtake each other, are repeated, or are lost and sent again. Nothing is lost for good.

const SEQUENCE = 38;
const ACKNOWLEDGEMENT = 42;
const SOURCE_PORT = 34;

/** Of 2,000 segments with data so many come two packets late, come again 30 packets later, come only then. */
const REORDERED = 4;
const REPEATED = 6;
const LOST = 8;

/** Stands between a connection and the writer; the same disorder for the same seed. */
export class Disorder {
  constructor(writer, seed) {
    this.writer = writer;
    this.state = seed + 1;
    this.waiting = [];
  }

  packet(headers, payload, start, end) {
    for (const late of this.waiting) late.after--;
    this.#send(this.waiting.filter(({ after }) => after <= 0));
    const draw = end > start ? this.#draw(2_000) : 2_000;
    if (draw < LOST) {
      const copy = { headers: Buffer.from(headers), payload, start, end, hole: draw < REORDERED || draw >= REPEATED };
      this.waiting.push({ ...copy, after: draw < REORDERED ? 2 : 30 });
      if (copy.hole) return;
    }
    this.writer.packet(this.#honest(headers), payload, start, end);
  }

  /** Sends what still waits. */
  flush() {
    this.#send([...this.waiting]);
  }

  #send(late) {
    if (late.length === 0) return;
    this.waiting = this.waiting.filter((one) => !late.includes(one));
    for (const { headers, payload, start, end } of late) this.writer.packet(this.#honest(headers), payload, start, end);
  }

  /** Who misses a segment acknowledges only what came before it. */
  #honest(headers) {
    const from = headers.readUInt16BE(SOURCE_PORT);
    const holes = this.waiting.filter((one) => one.hole && one.headers.readUInt16BE(SOURCE_PORT) !== from);
    if (holes.length === 0) return headers;
    const first = Math.min(...holes.map((one) => one.headers.readUInt32BE(SEQUENCE)));
    const copy = Buffer.from(headers);
    if (copy.readUInt32BE(ACKNOWLEDGEMENT) > first) copy.writeUInt32BE(first, ACKNOWLEDGEMENT);
    return copy;
  }

  #draw(below) {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * below);
  }
}
