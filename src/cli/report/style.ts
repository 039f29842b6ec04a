/** The report's style sheet: light and dark, screen and paper, phone and desk. System fonts only: nothing is fetched. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #16202c; --soft: #566373; --line: #dfe4ea; --faint: #b3bcc7;
  --train: #2563eb; --validation: #c2410c; --hit: 37 99 235; --miss: 217 93 25; --right: #15803d; --wrong: #c2410c;
  --strong: #ffffff; --shadow: 0 1px 2px rgb(20 30 45 / .06), 0 6px 20px rgb(20 30 45 / .05);
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #10151c; --card: #18202a; --ink: #e8edf3; --soft: #9aa8b8; --line: #2b3644; --faint: #536173;
    --train: #7aa7ff; --validation: #ff9d66; --hit: 37 99 235; --miss: 200 82 20; --right: #5fd38a; --wrong: #ff9d66;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: clamp(20px, 4vw, 48px) clamp(14px, 3vw, 32px) 64px; }
h1, h2, p, figure, dl, dd, ul { margin: 0; padding: 0; }
h1 { font-size: clamp(1.7rem, 4.5vw, 2.5rem); line-height: 1.15; letter-spacing: -.02em; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; letter-spacing: -.01em; margin-bottom: 4px; }
.kicker { color: var(--train); font-weight: 600; font-size: .85rem; letter-spacing: .02em; margin-bottom: 6px; }
.subtitle { font-size: 1.08rem; margin-top: 8px; max-width: 65ch; }
.date, section > p { color: var(--soft); }
.date { font-size: .9rem; margin-top: 8px; }
section { margin-top: 44px; }
section > p { margin-bottom: 16px; max-width: 70ch; }
.highlights { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin-top: 28px; }
.highlights div, .chart, .facts, pre, .tables > .scroll { background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; box-shadow: var(--shadow); }
.highlights div { padding: 14px 18px; display: flex; flex-direction: column; justify-content: space-between; }
.highlights dt { color: var(--soft); font-size: .85rem; }
.highlights dd { font-size: 1.65rem; font-weight: 650; letter-spacing: -.02em; line-height: 1.3;
  font-variant-numeric: tabular-nums; }
.highlights small { line-height: 1.2; font-size: .95rem; font-weight: 500; color: var(--soft); letter-spacing: 0; display: inline-block; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); gap: 16px; margin-top: 16px; }
.chart { padding: 16px 16px 10px; min-width: 0; max-width: 720px; display: flex; flex-direction: column; justify-content: space-between; }
.chart figcaption { display: flex; flex-wrap: wrap; gap: 2px 16px; align-items: baseline; font-size: .9rem; margin-bottom: 8px; }
.chart figcaption b { font-size: 1rem; margin-right: auto; }
.legend { color: var(--soft); }
.legend strong { color: var(--ink); font-variant-numeric: tabular-nums; }
.legend::before { content: ""; display: inline-block; width: 18px; vertical-align: middle; margin-right: 7px;
  border-top: 3px solid var(--tone); }
.legend.train { --tone: var(--train); } .legend.validation { --tone: var(--validation); }
.legend.validation::before { border-top-style: dashed; }
.best { flex-basis: 100%; color: var(--soft); font-size: .84rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 12.5px; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg polyline { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; }
svg .train polyline { stroke: var(--train); } svg .train circle { fill: var(--train); }
svg .validation polyline { stroke: var(--validation); stroke-dasharray: 6 4; } svg .validation circle { fill: var(--validation); }
svg .diagonal { stroke: var(--faint); stroke-width: 1.5; stroke-dasharray: 5 4; }
svg .dots { fill: var(--train); fill-opacity: .5; }
details { margin-top: 14px; }
summary { cursor: pointer; color: var(--soft); font-size: .92rem; width: fit-content; }
summary:hover { color: var(--ink); }
details .scroll { max-height: 420px; margin-top: 10px; }
.scroll { overflow: auto; }
:focus-visible { outline: 2px solid var(--train); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { caption-side: bottom; text-align: left; color: var(--soft); font-size: .84rem; padding-top: 10px; }
th { font-weight: 600; } thead th { color: var(--soft); font-weight: 500; font-size: .84rem; }
.tables { display: flex; flex-wrap: wrap; gap: 16px; align-items: start; }
.tables > .scroll { padding: 16px; max-width: 100%; min-width: min(100%, 300px); flex: 0 1 auto; }
.tables > .scroll:last-child { flex: 1 1 460px; }
.confusion td, .confusion thead th:not(:first-child) { min-width: 2.5rem; text-align: center; }
.confusion td { height: 2.3rem; padding: 0 5px; border: 2px solid var(--card); border-radius: 6px; }
.confusion { border-collapse: separate; border-spacing: 0; }
.confusion tbody th, .confusion thead th:first-child { position: sticky; left: 0; background: var(--card); text-align: right;
  padding: 0 10px 0 0; z-index: 1; }
.confusion thead th { padding-bottom: 6px; white-space: nowrap; }
.confusion .none { color: var(--faint); }
.confusion .hit { background: rgb(var(--hit) / var(--share)); }
.confusion .miss { background: rgb(var(--miss) / var(--share)); }
.confusion .strong { color: var(--strong); font-weight: 600; }
.plain { margin-top: 12px; } .plain .numbers { width: auto; min-width: min(100%, 560px); } .words th, .words td { text-align: left; padding: 5px 14px 5px 0; vertical-align: top; }
.numbers th[scope=row] { text-align: left; }
.scores, .numbers { width: 100%; }
.scores td, .scores thead th, .numbers td, .numbers thead th { text-align: right; padding: 6px 8px; white-space: nowrap; }
.scores tr > :first-child, .numbers tr > :first-child { padding-left: 0; } .scores tr > :last-child { padding-right: 0; }
.scores tbody th, .scores tfoot th, .scores thead th:first-child, .numbers th:first-child { text-align: left; }
.scores tr > *, .numbers tr > * { border-bottom: 1px solid var(--line); }
.scores tbody th, .scores tfoot th { overflow-wrap: break-word; padding-right: 10px; }
.scores tfoot tr > * { border-bottom: 0; font-weight: 650; }
.numbers thead th { position: sticky; top: 0; background: var(--page); }
.bar { display: inline-block; width: 40px; height: 7px; border-radius: 4px; margin-right: 6px; vertical-align: 1px;
  background: linear-gradient(to right, var(--train) calc(var(--share) * 100%), var(--line) 0); }
.number { display: inline-block; min-width: 4.1em; }
.mistakes { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 14px; }
.mistakes.wide { grid-template-columns: repeat(auto-fill, minmax(164px, 1fr)); }
.mistakes figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden;
  box-shadow: var(--shadow); }
.mistakes img { display: block; width: 100%; height: auto; image-rendering: pixelated; background: #000; }
.mistakes figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline;
  gap: 0 8px; padding: 6px 10px 7px; overflow-wrap: anywhere; line-height: 1.35; }
.mistakes figcaption b { display: inline-block; max-width: 100%; }
.mistakes .right { color: var(--right); } .mistakes .wrong { color: var(--wrong); }
.mistakes .as { color: var(--soft); margin: 0 .35em; }
.mistakes small { color: var(--soft); font-variant-numeric: tabular-nums; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
pre { margin: 12px 0 0; padding: 16px; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 230px), 1fr)); gap: 14px 24px;
  padding: 18px; margin-top: 12px; }
.facts dt { color: var(--soft); font-size: .84rem; } .facts dd { overflow-wrap: anywhere; }
@media (max-width: 480px) {
  .bar { display: none; } .number { min-width: 0; } .highlights { grid-template-columns: 1fr 1fr; }
  .chart { padding: 14px 12px 8px; } .chart figcaption b { flex-basis: 100%; } svg text { font-size: 15px; }
  .tables > .scroll { padding: 12px; } table { font-size: .84rem; }
  .confusion td, .confusion thead th:not(:first-child) { min-width: 1.68rem; padding: 0; }
  .confusion td { height: 1.68rem; border-width: 1px; font-size: .78rem; letter-spacing: -.03em; }
  .confusion thead span { position: absolute; clip-path: inset(50%); }
  .scores td, .scores thead th { padding: 6px 4px; }
}
@media print {
  body { background: #fff; font-size: 12px; } main { max-width: none; padding: 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; box-shadow: none !important; }
  section { margin-top: 24px; } details { display: none; } .scroll { overflow: visible; }
  .charts { grid-template-columns: 1fr 1fr; }
  .mistakes { grid-template-columns: repeat(8, 1fr); gap: 8px; } .mistakes figcaption { padding: 3px 6px; }
  h2 { break-after: avoid; } tr, figure, .highlights div, .facts div { break-inside: avoid; }
  .confusion td, .confusion thead th:not(:first-child) { min-width: 1.7rem; } .confusion td { height: 1.7rem; } .bar { display: none; }
}
`;
