// One HTML page over all captures of a run: no script, nothing from elsewhere, readable on paper and aloud.
import type { Report } from "../../types.ts";
import type { OutputDocument, UncheckedCapture } from "../document.ts";
import { headline } from "../headline.ts";
import { captureSection } from "./capture-section.ts";
import { STYLE_SHEET, STYLE_SHEET_HASH } from "./style-sheet.ts";
import { html, verdictMark } from "./text.ts";

/** Only the one style sheet below; scripts, images, frames, forms and connections are all refused (CSP Level 3). */
const POLICY = `default-src 'none'; style-src '${STYLE_SHEET_HASH}'; base-uri 'none'; form-action 'none'`;

/** Collects a section for each capture; the page comes at the end, as its summary stands first. */
export class HtmlDocument implements OutputDocument {
  readonly #sections: string[] = [];
  readonly #rows: string[] = [];
  readonly #failures: UncheckedCapture[] = [];
  #first: Report | null = null;
  readonly #many: boolean;

  constructor(many: boolean) {
    this.#many = many;
  }

  add(report: Report): string {
    const number = this.#sections.length + 1;
    const id = `capture-${number}`;
    this.#first ??= report;
    this.#sections.push(captureSection(report, id, this.#many ? `${number}. ` : ""));
    const { verdict, totals, capture } = report;
    this.#rows.push(
      `<tr><th scope="row"><a href="#${id}">${number}. ${html(capture.path)}</a></th><td>${verdictMark(verdict)}</td><td>${totals.connections}</td><td>${totals.wrong}</td><td>${totals.unseen}</td><td>${html(headline(report))}</td></tr>`,
    );
    return "";
  }

  failed(capture: UncheckedCapture): void {
    this.#failures.push(capture);
  }

  end(): string {
    if (this.#first === null) return "";
    const { path } = this.#first.capture;
    const captures = this.#sections.length;
    const title = captures === 1 ? `${this.#first.verdict}: ${path}` : `pcapcheck: ${captures} captures`;
    return page(title, this.#first.tool.version, [
      ...(captures > 1 ? [this.#overview()] : []),
      ...this.#sections,
      ...(this.#failures.length > 0 ? [unchecked(this.#failures)] : []),
    ]);
  }

  #overview(): string {
    return `<section class="scroll" aria-labelledby="overview" tabindex="0">
<h2 id="overview">All captures</h2>
<table>
<caption>Each capture with its worst verdict; the name leads to its section.</caption>
<thead><tr><th scope="col">Capture</th><th scope="col">Verdict</th><th scope="col">Connections</th><th scope="col">Wrong</th><th scope="col">Not seen</th><th scope="col">What was found</th></tr></thead>
<tbody>
${this.#rows.join("\n")}
</tbody>
</table>
</section>`;
  }
}

function unchecked(failures: readonly UncheckedCapture[]): string {
  const rows = failures.map(
    ({ path, message }) => `<tr><th scope="row">${html(path)}</th><td>${html(message)}</td></tr>`,
  );
  return `<section class="scroll" aria-labelledby="unchecked" tabindex="0">
<h2 id="unchecked">Could not be checked</h2>
<table>
<caption>Captures that are not part of what stands above.</caption>
<thead><tr><th scope="col">Capture</th><th scope="col">Why</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</section>`;
}

/** A whole page around `sections`, which are HTML. */
export function page(title: string, version: string, sections: readonly string[]): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${html(title)}</title>
<style>${STYLE_SHEET}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header>
<h1>${html(title)}</h1>
</header>
<main id="main">
${sections.join("\n")}
</main>
<footer>
<p>Made by pcapcheck ${html(version)}. Frame numbers and streams are those of Wireshark; times are UTC.</p>
</footer>
</body>
</html>
`;
}
