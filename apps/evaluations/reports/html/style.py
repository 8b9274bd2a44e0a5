"""The style sheet of the page: no font, picture or sheet from elsewhere; light, dark and on paper."""

LIGHT = """
--bg:#f7f7f5;--surface:#fff;--sunken:#f1f1ee;--line:#e2e2dd;--text:#1b1e22;--muted:#5a6068;--accent:#2350b8;
--good:#17683a;--good-bg:#e4f4ea;--warn:#7a4d00;--warn-bg:#fdf1d8;--bad:#a3231c;--bad-bg:#fdeae8;
--calm:#2350b8;--calm-bg:#e9effb
"""
DARK = """
--bg:#121417;--surface:#1a1d21;--sunken:#15181b;--line:#2c3138;--text:#e7e9ec;--muted:#a0a8b3;--accent:#8fb3ff;
--good:#7fd6a2;--good-bg:#14301f;--warn:#f0c26a;--warn-bg:#33270d;--bad:#ff9d94;--bad-bg:#3a1a18;
--calm:#8fb3ff;--calm-bg:#1d2a42
"""
RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--bg);color:var(--text);overflow-wrap:anywhere;
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,
sans-serif}
main,header,footer{max-width:1080px;margin:0 auto;padding:0 1.25rem}
h1,h2,h3,p,ul,dl,dd,figure{margin:0}
h1{font-size:1.6rem;line-height:1.2;letter-spacing:-.015em}
h2{font-size:1.15rem;line-height:1.3}
h3{font-size:1rem;line-height:1.35}
ul{padding:0;list-style:none}
a{color:var(--accent)}
small{display:block;text-wrap:pretty;color:var(--muted);font-size:.8125rem;line-height:1.45}
header{padding-top:2.25rem;padding-bottom:1.25rem}
header p{color:var(--muted)}
nav{margin-top:.75rem;display:flex;flex-wrap:wrap;gap:.25rem 1rem;font-size:.875rem}
section{margin-top:1.5rem;padding:1.25rem 1.4rem;background:var(--surface);border:1px solid var(--line);
border-radius:10px}
.intro{margin-top:.25rem;color:var(--muted);max-width:46rem}
.intro~*{margin-top:1rem}
section>h3{margin-top:1.5rem}
section>h3+small{margin-top:.1rem}
p+.notes{margin-top:.5rem}
.verdict{margin-top:0;padding:1.4rem 1.5rem;border-radius:10px;border:1px solid transparent;border-left-width:6px}
.verdict h2{font-size:1.5rem}
.verdict>p{font-size:1.0625rem;margin-top:.15rem}
.verdict ul{margin-top:.9rem;max-width:54rem}
.verdict li,.notes li{padding-left:1.1rem;position:relative}
.verdict li+li,.notes li+li{margin-top:.35rem}
.verdict li::before,.notes li::before{content:"";position:absolute;left:.15rem;top:.62em;width:.35rem;height:.35rem;
border-radius:50%;background:currentColor;opacity:.55}
.verdict details{margin-top:.5rem}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.calm{color:var(--calm)}
.verdict.good{background:var(--good-bg);border-color:var(--good)}
.verdict.bad{background:var(--bad-bg);border-color:var(--bad)}
.verdict.warn{background:var(--warn-bg);border-color:var(--warn)}
.verdict.calm{background:var(--calm-bg);border-color:var(--calm)}
.verdict ul,.verdict>p,.verdict details{color:var(--text)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1rem;margin-top:1rem}
.tiles div{padding:.9rem 1.1rem;background:var(--surface);border:1px solid var(--line);border-radius:10px}
.tiles dt{font-size:.8125rem;color:var(--muted)}
.tiles dd b{font-size:1.5rem;line-height:1.35;font-weight:650;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:.9rem}
caption{text-align:left;font-weight:600;padding-bottom:.35rem}
th,td{padding:.5rem .75rem .5rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{font-size:.8125rem;font-weight:500;color:var(--muted);white-space:nowrap;vertical-align:bottom}
tbody th{font-weight:500;min-width:8.5rem;overflow-wrap:break-word}
tbody tr:last-child>*{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
.primary th{font-weight:650}
.primary small{font-weight:400}
.bar{display:block;margin-left:auto}
.flips{table-layout:fixed}
.flips th:first-child{width:27%}
.flips td>*{display:block}
.flips td:first-child>bdi{font-weight:600}
.flips i{color:var(--muted)}
.flips .good::before{content:"\\2713\\00a0";font-weight:700}
.flips .bad::before{content:"\\2717\\00a0";font-weight:700}
.flips b{font-size:.8125rem;font-weight:500}
.state td{font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace}
.state{table-layout:fixed}
.state th:first-child{width:26%}
del,ins{text-decoration:none}
del{color:var(--bad)}
ins{color:var(--good)}
details{margin-top:1rem}
summary{cursor:pointer;color:var(--accent);font-weight:500;width:fit-content}
details[open]>summary{margin-bottom:.75rem}
details .wide+.wide{margin-top:1.25rem}
.causes>li{padding-top:1rem;margin-top:1rem;border-top:1px solid var(--line)}
.causes h3{display:flex;justify-content:space-between;gap:1rem;align-items:baseline}
.causes h3 span{font-weight:400;color:var(--muted);font-size:.875rem;white-space:nowrap}
.causes svg{display:block;width:100%;height:6px;margin:.35rem 0 .5rem;border-radius:3px;background:var(--sunken)}
.clusters{margin-top:.6rem;font-size:.9rem}
.clusters li{display:flex;gap:.75rem;padding:.3rem 0}
.clusters b{flex:none;min-width:3rem;text-align:right;font-variant-numeric:tabular-nums}
.plots{display:flex;flex-wrap:wrap;gap:1.5rem 3rem}
.plots figure{flex:1 1 260px;max-width:340px}
figcaption{font-weight:600;font-size:.9rem}
.spans svg{display:block;min-width:10rem;width:100%;height:18px}
.key{display:inline-block;width:.7rem;height:.7rem;border-radius:2px;margin-right:.3rem;vertical-align:-.05rem}
.words dt{font-weight:600;margin-top:.6rem}
.words dd{color:var(--muted);max-width:46rem}
footer{padding-top:1.5rem;padding-bottom:3rem;color:var(--muted);font-size:.8125rem}
@media(max-width:720px){
section{padding:1rem}
.flips,.flips tbody,.flips tr,.flips td{display:block;width:100%}
.flips thead{display:none}
.flips tr{padding:.75rem 0;border-bottom:1px solid var(--line)}
.flips td{border:0;padding:.2rem 0}
.flips td+td::before{display:block;font-size:.75rem;color:var(--muted)}
.flips td:nth-child(2)::before{content:"Before"}
.flips td:nth-child(3)::before{content:"After"}
.flips td:nth-child(4)::before{content:"What changed"}
}
@media print{
body{background:#fff;font-size:10.5pt}
main,header,footer{max-width:none;padding:0}
section{border:0;padding:0;margin-top:1.5rem}
nav{display:none}
summary{color:inherit}
details::details-content{content-visibility:visible;block-size:auto;opacity:1}
tr,.causes>li,figure,.tiles div,.verdict{break-inside:avoid}
h2,h3,caption,summary{break-after:avoid}
.verdict,.bar,.spans,.key,.causes svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.wide{overflow:visible}
}
"""
STYLE = (
    f":root{{color-scheme:light dark;{LIGHT}}}"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{DARK}}}}}"
    "@media print{:root{color-scheme:light}}"
    f"{RULES}"
).replace("\n", "")
