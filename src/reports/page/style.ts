import { paletteCss } from '../palette.js';

/** The report's style sheet: one column on a phone, two on a desk, plain on paper. */
export const styleSheet = (): string => `${paletteCss()}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:1200px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:0 0 12px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:16px 0 0;min-width:0}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:0 16px}
.meta,.note,figcaption,dt,th,.legend{color:var(--soft)}
.meta{margin:0 0 4px;overflow-wrap:anywhere}
.note{font-size:13px;margin:8px 0 0}
.chip{display:inline-block;border:1px solid var(--line);border-radius:99px;padding:1px 10px;font-size:13px;vertical-align:4px;margin-left:8px;white-space:nowrap}
.chip.completed{border-color:var(--accent);color:var(--accent)}
.chip.failed,.chip.cancelled,.chip.paused{border-color:var(--warn);color:var(--warn)}
.warning{background:var(--warnback);border:1px solid var(--warn);border-radius:10px;padding:10px 16px;margin:16px 0 0}
.tiles{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:12px;margin:18px 0 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px;min-width:0}
.tile dt{font-size:13px}
.tile dd{margin:2px 0 0;font-size:21px;font-weight:600;line-height:1.3;overflow-wrap:anywhere}
.tile dd small{display:block;font-size:13px;font-weight:400;color:var(--soft)}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-size:12.5px;fill:var(--ink);font-family:inherit}
svg .tick,svg .label{fill:var(--soft)}
svg .grid{stroke:var(--grid);stroke-width:1}
svg .axis{stroke:var(--line);stroke-width:1}
svg .band{fill:var(--accent);opacity:.17}
svg .mean{fill:none;stroke:var(--accent);stroke-width:2.2}
svg .now{fill:none;stroke:var(--ink);stroke-width:1.6}
svg .curve{fill:none;stroke-width:1.5;opacity:.75}
svg .whisker{stroke-width:1.4;opacity:.6}
svg .diagonal{stroke:var(--soft);stroke-width:1;stroke-dasharray:5 4}
svg .sharebar{fill:var(--accent);opacity:.55}
svg .range{fill:none;stroke:var(--ink);stroke-width:1.6}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 14px;margin:0 0 6px;padding:0;font-size:13px}
.legend li{display:flex;align-items:center;gap:5px}
.legend .swatch{width:14px;height:14px}
.key{width:20px;height:0;border-top:2.5px solid var(--accent)}
.key.band{height:11px;border:0;background:var(--accent);opacity:.25}
.panels{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:12px 18px}
.panel{margin:0;min-width:0}
.panel figcaption{color:var(--ink);font-weight:600;font-size:14px;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:0 -20px;padding:0 20px}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 12px 5px 0;border-bottom:1px solid var(--grid);vertical-align:top}
th{font-weight:600;font-size:12.5px;vertical-align:bottom}
.right{text-align:right}
.pair th,.pair td{padding-right:8px}
th:last-child,td:last-child,.pair th:last-child,.pair td:last-child{padding-right:0}
.long{display:inline-block;min-width:11ch;max-width:100%;overflow-wrap:anywhere}
td.narrow{white-space:nowrap}
td.wide{min-width:230px}
tr.target td:nth-child(3){color:var(--target);font-weight:600}
pre{margin:0;padding:12px 14px;background:var(--track);border-radius:8px;overflow:auto;font:12.5px/1.5 ui-monospace,"SFMono-Regular",Menlo,"DejaVu Sans Mono",monospace}
details summary{cursor:pointer;color:var(--accent);margin:4px 0 10px}
code{font:12.5px ui-monospace,Menlo,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
footer{color:var(--soft);font-size:13px;margin-top:18px}
@media (max-width:820px){.pair{grid-template-columns:minmax(0,1fr)}.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}.panels{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media (max-width:560px){main{padding:18px 12px 40px}section{padding:14px 12px}.scroll{margin:0 -12px;padding:0 12px}.panels{grid-template-columns:minmax(0,1fr)}
.tile dd{font-size:17px}svg text{font-size:15.5px}.panel svg text{font-size:13px}}
@media print{body{background:#fff}main{padding:0}section{break-inside:avoid;margin:12px 0 0;padding:12px 16px}.pair svg{max-width:420px}tr{break-inside:avoid}table{font-size:10px}th,td{padding:4px 6px 4px 0;font-size:inherit}.scroll{overflow:visible}pre{white-space:pre-wrap;overflow-wrap:anywhere}td.narrow{white-space:normal}td.wide{min-width:0;overflow-wrap:anywhere}}`;
