// The ladder of one connection as SVG: two life lines, the three stages of a tunnel, an arrow for each message.

import { terminalText } from "../../escape.ts";
import type { ReportConnection } from "../../types.ts";
import { closing, type LadderStage, ladderStages, milliseconds, type Rung } from "../rungs.ts";
import { endpointText, wrap } from "../style.ts";
import { html } from "./text.ts";

/** Steps of one stage that are drawn; connections with more have them in JSON and in the terminal's ladder. */
const MAX_RUNGS = 30;
/** Characters of one text that are drawn. */
const MAX_TEXT = 400;
/** Characters of the description: about what is drawn at most. */
const MAX_DESCRIPTION = 20_000;

/** All in SVG units; the font has 13 of them, and its characters are 7.9 wide. */
const WIDTH = 1060;
const CLIENT_X = 230;
const PROXY_X = 1030;
const TEXT_X = 244;
const LINE = 17;
/** Characters that fit between the life lines. */
const COLUMNS = 98;

/** An SVG element with title and description, which tell all of it in words. `id` is unique on the page. */
export function ladderSvg(connection: ReportConnection, id: string): string {
  const { stream, client, proxy, start } = connection;
  const stages = ladderStages(connection);
  const drawing = new Drawing();
  drawing.line();
  drawing.text(CLIENT_X, `client ${endpointText(client)}`, "stage", "middle");
  drawing.text(PROXY_X + 18, `proxy ${endpointText(proxy)}`, "stage", "end");
  const lifeFrom = drawing.y + 6;
  for (const stage of stages) drawStage(drawing, stage, start);
  drawing.line(LINE * 1.5);
  drawing.text(14, closing(connection), "dim");
  const lifeTo = drawing.y - LINE;
  const height = Math.ceil(drawing.y + LINE);
  const lives = [CLIENT_X, PROXY_X]
    .map((x) => `<line class="life" x1="${x}" y1="${lifeFrom}" x2="${x}" y2="${lifeTo}"/>`)
    .join("");
  return [
    `<svg role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${WIDTH} ${height}" xmlns="http://www.w3.org/2000/svg">`,
    `<title id="${id}-title">Ladder of stream ${stream}: ${html(connection.verdict)}</title>`,
    `<desc id="${id}-desc">${html(description(connection, stages), MAX_DESCRIPTION)}</desc>`,
    drawing.bands.join(""),
    lives,
    drawing.parts.join("\n"),
    "</svg>",
  ].join("\n");
}

/** What grows downwards. */
class Drawing {
  readonly bands: string[] = [];
  readonly parts: string[] = [];
  y = 6;

  line(height = LINE): void {
    this.y += height;
  }

  /** `text` is escaped here, and cut to what is drawn. */
  text(x: number, text: string, look = "", anchor: "start" | "middle" | "end" = "start"): void {
    const looks = look === "" ? "" : ` class="${look}"`;
    const at = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
    this.parts.push(`<text x="${x}" y="${this.y}"${looks}${at}>${html(text)}</text>`);
  }

  wrapped(x: number, text: string, columns: number, look: string): void {
    const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
    for (const line of wrap(terminalText(short), columns)) {
      this.line();
      this.text(x, line, look);
    }
  }
}

function drawStage(drawing: Drawing, { title, rungs, empty }: LadderStage, start: string): void {
  drawing.line(LINE * 1.6);
  drawing.bands.push(
    `<rect class="band" x="0" y="${drawing.y - LINE * 0.85}" width="${WIDTH}" height="${LINE * 1.3}"/>`,
  );
  drawing.text(14, title.length > COLUMNS ? `${title.slice(0, COLUMNS)}…` : title, "stage");
  drawing.line(4);
  if (rungs.length === 0) drawing.wrapped(TEXT_X, empty, COLUMNS, "dim");
  for (const rung of rungs.slice(0, MAX_RUNGS)) drawRung(drawing, rung, start);
  if (rungs.length > MAX_RUNGS) drawing.wrapped(TEXT_X, `and ${rungs.length - MAX_RUNGS} more`, COLUMNS, "dim");
}

function drawRung(drawing: Drawing, rung: Rung, start: string): void {
  const wrong = rung.wrong ? "wrong" : "";
  const top = drawing.y + LINE;
  drawing.wrapped(TEXT_X, `${rung.wrong ? "✗ " : ""}${rung.text}`, COLUMNS, wrong);
  const bottom = drawing.y;
  drawing.y = top;
  drawing.text(112, milliseconds(start, rung.time), "dim", "end");
  drawing.text(CLIENT_X - 16, `frame ${rung.frame}`, "dim", "end");
  drawing.y = bottom + 7;
  const [from, to] = rung.from === "client" ? [CLIENT_X, PROXY_X] : [PROXY_X, CLIENT_X];
  const back = rung.from === "client" ? -9 : 9;
  const y = drawing.y;
  drawing.parts.push(
    `<g class="arrow ${wrong}"><line x1="${from}" y1="${y}" x2="${to + back}" y2="${y}"/><path d="M${to} ${y}l${back} -4v8z"/></g>`,
  );
  for (const text of rung.beneath) drawing.wrapped(TEXT_X + 14, text, COLUMNS - 2, "dim");
  drawing.line(5);
}

/** The ladder in sentences, for those who do not see it. */
function description(connection: ReportConnection, stages: readonly LadderStage[]): string {
  const told = stages.map(({ title, rungs, empty }) => {
    const steps = rungs.slice(0, MAX_RUNGS).map(({ frame, from, text, beneath }) => {
      const more = beneath.length === 0 ? "" : ` (${beneath.join("; ")})`;
      return `Frame ${frame}, ${from}: ${text}${more}.`;
    });
    return `${title.replace(/ {2,}/, ": ")}. ${steps.length === 0 ? `${empty}.` : steps.join(" ")}`;
  });
  return [connection.summary, ...told, closing(connection)].join(" ");
}
