// The looks of the HTML report: light and dark, on screens and on paper. Text has a contrast of 4.5:1 or more (WCAG 2.2, 1.4.3).

/** All of it; nothing else may style the page, and nothing is loaded. */
export const STYLE_SHEET = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --card: #f6f7f9; --line: #c9ced6; --text: #1b1f24; --dim: #4d5661;
  --wrong: #a40e26; --unseen: #7a4d00; --fine: #116329; --arrow: #3b4550;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1d2127; --line: #3d444d; --text: #e8eaed; --dim: #adb5bf;
    --wrong: #ff8f8f; --unseen: #f0c060; --fine: #7ee094; --arrow: #b8c0c9;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem 1.25rem 3rem; max-width: 76rem;
  font: 1rem/1.5 system-ui, sans-serif; background: var(--page); color: var(--text);
}
h1, h2, h3, h4 { line-height: 1.25; margin: 1.5em 0 0.5em; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin-top: 0.5em; }
h2 { font-size: 1.3rem; border-top: 2px solid var(--line); padding-top: 0.8em; }
h3 { font-size: 1.1rem; }
h4 { font-size: 1rem; margin: 0 0 0.4em; }
p, li, dd, code, figcaption, caption, footer { overflow-wrap: anywhere; }
td, th { overflow-wrap: break-word; max-width: 26rem; }
a { color: inherit; }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
.lead { font-size: 1.1rem; font-weight: 600; }
.dim { color: var(--dim); }
.wrong { color: var(--wrong); }
.unseen { color: var(--unseen); }
.fine { color: var(--fine); }
.verdict { font-weight: 600; white-space: nowrap; }
article { background: var(--card); border: 1px solid var(--line); border-left-width: 5px; padding: 0.8rem 1rem; margin: 0.8rem 0; }
article.wrong { border-left-color: var(--wrong); color: inherit; }
article.unseen { border-left-color: var(--unseen); color: inherit; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1rem; margin: 0.5rem 0 0; }
dt { color: var(--dim); font-weight: 600; }
dd { margin: 0; }
dd ul { margin: 0; padding-left: 1.1rem; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
caption { text-align: left; color: var(--dim); padding-bottom: 0.4rem; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.6rem; border-bottom: 1px solid var(--line); }
thead th { border-bottom: 2px solid var(--line); }
td { min-width: 4rem; }
figure { margin: 1rem 0; }
figcaption { color: var(--dim); }
svg { display: block; width: 100%; min-width: 44rem; height: auto; background: var(--card); border: 1px solid var(--line); }
svg text { font-family: ui-monospace, monospace; font-size: 13px; fill: var(--text); }
svg text.dim { fill: var(--dim); }
svg text.wrong { fill: var(--wrong); font-weight: 700; }
svg text.stage { font-weight: 700; }
svg .band { fill: var(--line); opacity: 0.45; }
svg .life { stroke: var(--line); stroke-width: 2; }
svg .arrow { stroke: var(--arrow); stroke-width: 1.5; fill: var(--arrow); }
svg .arrow.wrong { stroke: var(--wrong); fill: var(--wrong); stroke-width: 2.5; }
footer { margin-top: 2.5rem; color: var(--dim); font-size: 0.9rem; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dt { margin-top: 0.4rem; } }
@media print {
  :root {
    color-scheme: light;
    --page: #ffffff; --card: #ffffff; --line: #8a919b; --text: #000000; --dim: #333333;
    --wrong: #8f0b20; --unseen: #5e3b00; --fine: #0b4a1e; --arrow: #000000;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  article, figure, tr { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  thead { display: table-header-group; }
  .scroll { overflow: visible; }
  svg { min-width: 0; }
  nav, .skip { display: none; }
}
`;

/** SHA-256 of the sheet for the page's policy (CSP Level 3 §6.7.3.3); a test holds it against the sheet. */
export const STYLE_SHEET_HASH = "sha256-vgJzjc+Q2/6086TWhL1uL0LOlRBL/ae/c5w+ntJXMK0=";
