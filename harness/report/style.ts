/** The style sheet. Colors are variables of the theme; a cluster brings its hue, the theme lightness and chroma. */

const theme = `
:root{--page:#fbfbf9;--card:#fff;--ink:#22262b;--soft:#5d656e;--line:#dfe2e4;--faint:#eceeef;--accent:#2f6690;
--pos:#b8402a;--neg:#2b6ca3;--mid:#f5f4f1;--warn:#8a5a00;--warn-page:#fff5dc;--warn-line:#ecd394;--l:.87;--c:.078;--ink-l:.42}
@media (prefers-color-scheme:dark){@media not print{:root{--page:#16181b;--card:#1d2024;--ink:#e3e5e7;--soft:#9aa2ab;--line:#33383e;
--faint:#282c31;--accent:#86b8dd;--pos:#e8795c;--neg:#64a9e0;--mid:#25282c;--warn:#f0c565;--warn-page:#2e2717;--warn-line:#5e4e22;
--l:.42;--c:.075;--ink-l:.8}}}
`;

const layout = `
*{box-sizing:border-box}
html{scroll-padding-top:64px;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Open Sans","DejaVu Sans",sans-serif;-webkit-print-color-adjust:exact;print-color-adjust:exact}
[hidden]{display:none!important}
.top{position:sticky;top:0;z-index:5;display:flex;flex-wrap:wrap;gap:4px 28px;align-items:baseline;padding:10px max(20px,calc((100vw - 1320px)/2 + 20px));background:var(--page);border-bottom:1px solid var(--line)}
h1{font-size:18px;margin:0;overflow-wrap:anywhere}
.top nav{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:14px}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
main,footer{max-width:1320px;margin:0 auto;padding:0 20px}
footer{padding-block:24px 64px;color:var(--soft);font-size:13px}
section{margin:34px 0 46px}
h2{font-size:22px;line-height:1.25;margin:0 0 10px}
h3{font-size:16px;margin:22px 0 8px}
h4{font-size:12px;margin:0 0 6px;color:var(--soft);font-weight:600;letter-spacing:.03em}
.lead{max-width:86ch}
.note{color:var(--soft);font-size:13.5px;max-width:100ch;margin:6px 0 12px}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.callout{background:var(--warn-page);border:1px solid var(--warn-line);border-radius:8px;padding:10px 14px;max-width:100ch}
.tag{display:inline-block;font-size:11px;line-height:1.5;padding:0 7px;border-radius:9px;border:1px solid var(--line);color:var(--soft);font-weight:500}
.tag.control{border-style:dashed;border-color:var(--soft)}
.tag.warn{background:var(--warn-page);border-color:var(--warn-line);color:var(--warn)}
table{border-collapse:collapse}
th{font-weight:500;text-align:left}
.scroll{overflow-x:auto}
.meter{display:block;height:9px;border-radius:2px;background:var(--accent);opacity:.7;min-width:1px}
`;

const overview = `
dfn{font-style:normal;font-weight:600}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:0 28px;margin:18px 0}
.facts div{border-top:1px solid var(--line);padding:7px 0}
dt{color:var(--soft);font-size:13px}dd{margin:0;overflow-wrap:anywhere}
.pair{display:grid;grid-template-columns:minmax(0,1.7fr) minmax(0,1fr);gap:10px 44px}
.settings{columns:3 210px;column-gap:28px;margin:0;font-size:13.5px}
.settings div{display:flex;flex-wrap:wrap;gap:0 10px;justify-content:space-between;break-inside:avoid;border-bottom:1px dotted var(--line);padding:2px 0}
.settings dt{overflow-wrap:anywhere}.settings dd{margin-left:auto;text-align:right;font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:12.5px}
.timing{width:100%;font-size:13.5px}.timing th{padding:2px 12px 2px 0;white-space:nowrap}.timing td{padding:2px 10px 2px 0}
.timing .wide{width:50%}.timing tfoot th,.timing tfoot td{border-top:1px solid var(--line);font-weight:600}
@media (max-width:900px){.pair{grid-template-columns:minmax(0,1fr)}}
`;

const scores = `
.scores{width:100%;font-size:14px}
.scores th,.scores td{padding:6px 14px 6px 0;border-bottom:1px solid var(--line)}
.scores thead th{color:var(--soft);font-size:13px;white-space:nowrap}
.scores .wide{width:22%;min-width:110px}
#summary .wide{width:12%}#summary .number{white-space:nowrap}
.scores .measured th{font-weight:650}
.scores .control{color:var(--soft)}.scores .control .meter{background:repeating-linear-gradient(115deg,var(--soft) 0 2px,transparent 2px 5px)}
.scores .baseline .meter{background:var(--soft);opacity:.45}
.intervals .wide{text-align:center}
.interval{display:block;width:100%;min-width:180px;height:18px}.interval .zero{stroke:var(--soft);stroke-width:1.4}
.interval .reach{stroke-width:3;stroke-linecap:round}.interval.alike{stroke:var(--soft);fill:var(--soft)}.interval.apart{stroke:var(--accent);fill:var(--accent)}
`;

const clusters = `
.k{background:oklch(calc(var(--l) - var(--deep)) calc(var(--c) + var(--deep)*.4) var(--hue))}
.k.m1{box-shadow:inset 0 -2px 0 oklch(var(--ink-l) .13 var(--hue))}
.k.m2{background-image:radial-gradient(circle,oklch(var(--ink-l) .12 var(--hue)) 0 1px,transparent 1.3px);background-size:4px 4px;background-position:0 100%;background-repeat:repeat-x}
.chip{display:inline-flex;gap:6px;align-items:baseline;border:0;border-radius:6px;padding:1px 8px;color:var(--ink);font:inherit;font-size:13px;cursor:pointer}
.chip small{color:var(--soft);font-size:11px}.chip.big{font-size:16px;font-weight:700;padding:1px 10px}
.index{display:flex;flex-wrap:wrap;gap:5px;margin:10px 0 16px}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px 14px;margin:0 0 14px;cursor:pointer}
.card.lit{outline:2px solid var(--accent);outline-offset:-1px}
.card>header{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:baseline;margin-bottom:10px;font-size:14px}
.card>header .note{margin:0 0 0 auto}
.columns{display:grid;grid-template-columns:minmax(0,1.25fr) minmax(0,.85fr) minmax(0,1.05fr);gap:10px 30px;background:none!important;box-shadow:none!important}
.columns h4:not(:first-child){margin-top:14px}
@media (max-width:1000px){.columns{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}.contexts{grid-column:1/-1}}
@media (max-width:640px){.columns{grid-template-columns:minmax(0,1fr)}}
.context{width:100%;table-layout:fixed;font:12.5px/1.6 ui-monospace,"DejaVu Sans Mono",monospace}
.context td{padding:0;white-space:pre;overflow:hidden}
.context .before{width:56%}.context .before span{float:right}.context td{color:var(--soft)}
.context mark{background:oklch(calc(var(--l) - var(--deep)) calc(var(--c) + var(--deep)*.4) var(--hue));color:var(--ink);border-radius:3px;padding:0 4px}
.card summary{cursor:pointer;font-size:13px;color:var(--accent);padding:4px 0}
.histogram{width:100%;font-size:13px}.histogram thead{color:var(--soft);font-size:12px}
.histogram th,.histogram td{padding:1px 0 1px 10px}.histogram th:first-child{padding-left:0}
.histogram tbody th{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:12.5px;white-space:pre;overflow:hidden;text-overflow:ellipsis;max-width:150px}
.histogram .wide{width:34%}.columns .meter{background:oklch(calc(var(--l)*.55 + .27) .1 var(--hue));opacity:1}
svg text{fill:var(--soft);font-family:inherit}
.bars{width:100%;display:block}.bars .pos{fill:var(--pos)}.bars .neg{fill:var(--neg)}.bars .error{stroke:var(--ink);opacity:.75}
.bars .hit{fill:transparent}.bars g:hover .hit{fill:var(--faint)}.bars .grid,.bars .zero{stroke:var(--line);stroke-width:.7}.bars .zero{stroke:var(--soft)}
`;

const tokens = `
.map{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px 4px;columns:2 440px;column-gap:34px;column-rule:1px solid var(--line)}
.sequence{padding:0 0 14px;break-inside:avoid}
.sequence h4{margin:0 0 2px;overflow-wrap:anywhere}.sequence h4 span{font-weight:400}
.sequence p{margin:0;font:13px/1.75 ui-monospace,"DejaVu Sans Mono",monospace}
.t,.start{display:inline-block;white-space:pre;border-radius:3px;padding:0 3px;margin:0 1px;line-height:1.45;unicode-bidi:isolate}
.map.text .t,.map.text .start{display:inline;white-space:pre-wrap;overflow-wrap:anywhere;margin:0;padding:0}
.t{cursor:pointer}.t:hover{outline:1.5px solid var(--ink)}
.start{color:var(--soft);border:1px dashed var(--line)}.gap{color:var(--soft);padding:0 4px}
.selecting .map .t:not(.lit){background:none;box-shadow:none;opacity:.45}
.selecting .map .t.lit{outline:1.5px solid oklch(var(--ink-l) .12 var(--hue))}
.selecting .index .chip:not(.lit){opacity:.35}
.tip{position:fixed;left:0;top:0;z-index:9;pointer-events:none;max-width:360px;background:var(--card);border:1px solid var(--line);border-radius:8px;box-shadow:0 4px 18px #0003;padding:8px 12px;font-size:13px}
.tip b{font-family:ui-monospace,"DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}.tip div{display:grid;grid-template-columns:66px 1fr}.tip span{color:var(--soft)}
.selection{position:fixed;right:18px;bottom:16px;z-index:8;display:flex;gap:14px;align-items:center;background:var(--card);border:1px solid var(--line);border-radius:24px;box-shadow:0 4px 18px #0003;padding:7px 16px;font-size:14px}
.selection button{border:0;background:none;color:var(--soft);font:inherit;cursor:pointer;padding:0 2px}.selection span{color:var(--soft)}
`;

const heat = `
.heat-bar{display:flex;flex-wrap:wrap;gap:6px 30px;justify-content:space-between;font-size:13px;color:var(--soft);margin-bottom:8px}
.scale{display:inline-flex;gap:8px;align-items:center}.scale i{width:150px;height:11px;border-radius:2px;background:linear-gradient(90deg,var(--neg),var(--mid),var(--pos))}
.zoom button{border:1px solid var(--line);background:var(--card);color:var(--ink);font:inherit;padding:0 9px;border-radius:5px;margin-left:5px;cursor:pointer}.zoom [aria-pressed=true]{border-color:var(--accent);color:var(--accent)}
.heat{display:grid;grid-template-columns:auto minmax(0,1fr);gap:8px}
.names{font-size:10.5px;line-height:14px;color:var(--soft);text-align:right}.names div{height:14px;white-space:nowrap}.names div:first-child{height:16px}
.heat canvas{display:block;cursor:crosshair}
.readout{min-height:1.5em;margin:8px 0 0;font-size:13.5px;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
`;

const features = `
.curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr));gap:12px 34px;margin:14px 0 18px;max-width:1040px}
.curves figure{margin:0;min-width:0;display:flex;flex-direction:column;justify-content:space-between}.curves figcaption{font-size:13.5px;color:var(--soft);margin-bottom:4px}
.curve{display:block;width:100%}.curve text{font-size:9.5px}.curve .grid,.curve .zero{stroke:var(--line);stroke-width:.7}.curve .zero{stroke:var(--soft)}
.curve g path{fill:none;stroke-width:2}.curve .measured path,.legend .measured path{stroke:var(--accent);stroke-width:2.4}.curve .measured circle{fill:var(--accent)}
.curve .null path,.legend .null path{stroke:var(--soft);stroke-dasharray:6 4}.curve .null circle{fill:var(--soft)}
.curve .token path,.legend .token path{stroke:var(--pos);stroke-dasharray:2 3}.curve .token circle{fill:var(--pos)}
.curve .random path,.legend .random path{stroke:var(--warn);stroke-dasharray:9 3 2 3}.curve .random circle{fill:var(--warn)}
.legend{display:flex;flex-wrap:wrap;gap:2px 20px;margin:2px 0 0;font-size:13px;color:var(--soft)}.legend span{display:inline-flex;gap:7px;align-items:center}.legend svg{width:26px;height:8px}.legend path{stroke-width:2}
.matches .wide{width:14%;min-width:70px}.matches .token{white-space:pre}.matches .token code{font-size:12.5px}.matches small{color:var(--soft)}.matches td{white-space:nowrap}
#features h4{margin-top:20px}
.said{max-width:100ch;font-size:14px;padding-left:20px}.said li{margin:3px 0}
`;

const diagnostics = `
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:12px}
.panel{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:9px 12px;font-size:13px;break-inside:avoid}
.panel.flagged{border-color:var(--warn-line);box-shadow:inset 3px 0 0 var(--warn)}
.panel figcaption{display:flex;justify-content:space-between;gap:8px}
.plot{position:relative;margin:6px 0}.plot span{position:absolute;left:0;font-size:10.5px;line-height:1;color:var(--soft)}.plot span:first-child{top:-2px}.plot span:last-child{bottom:-2px}
.trace{display:block;width:100%;height:64px;padding-left:34px;overflow:visible}
.trace path{fill:none;vector-effect:non-scaling-stroke;stroke-width:1.1}.trace .zero{stroke:var(--soft);stroke-dasharray:3 3;stroke-width:.8}
.chain{stroke:oklch(calc(var(--ink-l)*.6 + .26) .11 var(--hue))}
${Array.from({ length: 8 }, (_, chain) => `.ch${chain}{--hue:${(235 + 45 * chain) % 360}}`).join("")}
.panel figcaption span:not(.tag){color:var(--soft)}
.panel dl{display:grid;grid-template-columns:auto 1fr;gap:0 12px;margin:0}.panel dt{font-size:12.5px}.panel dd{text-align:right;font-variant-numeric:tabular-nums}
`;

const modes = `
.law{border-top:1px solid var(--line);padding:10px 0}.law summary{cursor:pointer;color:var(--accent);font-size:13.5px;padding:4px 0}.law>summary{font-size:16px;font-weight:600}
.law h4{margin:20px 0 6px}.law .soft{color:var(--soft);font-size:12px}.scores.narrow{width:auto}.scores.narrow th,.scores.narrow td{padding-right:28px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:14px 28px;margin:14px 0}.charts figure{margin:0}.charts figcaption{font-size:13px;color:var(--soft);margin-bottom:6px}
.charts svg,.cmap{display:block;width:100%}.charts .grid,.charts .zero{stroke:var(--line);stroke-width:.7}.charts .zero{stroke:var(--soft)}.charts .bar{fill:var(--accent);opacity:.7}
path.curve{fill:none;stroke:var(--accent);stroke-width:1.5;stroke-linejoin:round}.shares circle{fill:var(--accent)}path.curve.modes{stroke-width:2.2}.band{fill:var(--accent);opacity:.18}
path.curve.randomOrder{stroke:var(--soft)}.band.randomOrder,.band.randomBases{fill:var(--soft)}path.curve.randomBases{stroke:var(--soft);stroke-dasharray:1.5 2.5}path.curve.best{stroke:var(--pos)}path.curve.principal{stroke:var(--pos);stroke-dasharray:5 3}
.keys{display:flex;flex-wrap:wrap;gap:2px 18px;margin:6px 0 0;font-size:12.5px;color:var(--soft)}.keys span{display:inline-flex;gap:7px;align-items:center}.keys svg{width:26px;height:10px;flex:none}
.words{min-width:900px}.words th,.words td{vertical-align:top}.words td:not(.number){font-size:12.5px}.words td:not(.number):nth-child(odd){width:31%}.words q{quotes:none;font-family:ui-monospace,"DejaVu Sans Mono",monospace;background:var(--faint);border-radius:3px;padding:0 4px;margin:0 3px 2px 0;display:inline-block;overflow-wrap:anywhere}
.couplings{display:grid;grid-template-columns:minmax(0,300px) minmax(0,1fr);gap:10px 24px;align-items:center}.couplings figure,.cmaps figure{margin:0}.couplings figcaption{font-size:12px;color:var(--soft)}.couplings b.p{color:var(--pos)}.couplings b.n{color:var(--neg)}
@media (max-width:640px){.couplings{grid-template-columns:minmax(0,1fr)}}
.cmaps{display:grid;grid-template-columns:repeat(auto-fill,minmax(92px,1fr));gap:10px 8px;margin:8px 0}.cmaps .cmap{background:var(--mid)}.cmaps figcaption{font-size:10.5px;line-height:1.3;color:var(--soft);overflow-wrap:anywhere}
.cmap path{stroke-width:1.02}.cmap .ground{fill:var(--mid)}.cmap .hits{fill:transparent}.cmap .s{stroke:var(--ink);stroke-width:.32;stroke-linecap:round}
${[30, 52, 76, 100].map((share, i) => `.cmap .p${i + 1}{stroke:color-mix(in oklab,var(--pos) ${share}%,var(--mid))}.cmap .n${i + 1}{stroke:color-mix(in oklab,var(--neg) ${share}%,var(--mid))}`).join("")}
.load{display:inline-block;margin-right:16px;white-space:nowrap}
`;

const print = `
@media print{html{scroll-padding:0}body{font-size:11pt}.top{position:static}.top nav,.selection,.tip,.zoom,.readout,.card summary{display:none}
main,footer{max-width:none}.card{break-inside:avoid}section{margin:20px 0}h2{break-after:avoid}.map{border:0;padding:0}.heat canvas{max-width:100%}}
`;

export const styleSheet = [theme, layout, overview, scores, clusters, tokens, heat, modes, features, diagnostics, print]
  .join("")
  .trim();
