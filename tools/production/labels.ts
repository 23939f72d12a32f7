// Labels for toys or their boxes: one sheet to print, with the serial as text and as a bar code. What stands on a label is public:
// it opens nothing, and no secret is known here that could get onto it.

import type { Identity } from "./identity.ts";

/** Code 39 (ISO/IEC 16388): nine elements of a sign, bar and space in turn, three of them wide. It has just the signs that serials have. */
const SIGNS: Readonly<Record<string, string>> = {
  ...{ "0": "nnnwwnwnn", "1": "wnnwnnnnw", "2": "nnwwnnnnw", "3": "wnwwnnnnn", "4": "nnnwwnnnw", "5": "wnnwwnnnn", "6": "nnwwwnnnn", "7": "nnnwnnwnw" },
  ...{ "8": "wnnwnnwnn", "9": "nnwwnnwnn", A: "wnnnnwnnw", B: "nnwnnwnnw", C: "wnwnnwnnn", D: "nnnnwwnnw", E: "wnnnwwnnn", F: "nnwnwwnnn" },
  ...{ G: "nnnnnwwnw", H: "wnnnnwwnn", I: "nnwnnwwnn", J: "nnnnwwwnn", K: "wnnnnnnww", L: "nnwnnnnww", M: "wnwnnnnwn", N: "nnnnwnnww" },
  ...{ O: "wnnnwnnwn", P: "nnwnwnnwn", Q: "nnnnnnwww", R: "wnnnnnwwn", S: "nnwnnnwwn", T: "nnnnwnwwn", U: "wwnnnnnnw", V: "nwwnnnnnw" },
  ...{ W: "wwwnnnnnn", X: "nwnnwnnnw", Y: "wwnnwnnnn", Z: "nwwnwnnnn", "-": "nwnnnnwnw", "*": "nwnnwnwnn" },
};
const NARROW = 1;
const WIDE = 3;
/** What a reader needs to be white on both sides. */
const QUIET = 10 * NARROW;
const HEIGHT = 24;

const STYLE = `body{font:9pt/1.3 system-ui,sans-serif;margin:8mm;color:#000;background:#fff}.sheet{display:grid;grid-template-columns:repeat(3,1fr);gap:3mm}
.label{border:.2mm dashed #999;border-radius:2mm;padding:3mm;text-align:center;break-inside:avoid}.label svg{width:100%;height:12mm}.label b{font:bold 10pt ui-monospace,monospace}
@page{margin:0}`;

/** The bars as a drawing. */
export function barCode(text: string): string {
  let at = QUIET;
  let path = "";
  for (const sign of `*${text}*`) {
    const elements = SIGNS[sign];
    if (elements === undefined) throw new RangeError(`Code 39 has no ${JSON.stringify(sign)} here`);
    Array.from(elements, (element) => (element === "w" ? WIDE : NARROW)).forEach((width, i) => {
      if (i % 2 === 0) path += `M${at} 0h${width}v${HEIGHT}h-${width}z`;
      at += width;
    });
    at += NARROW;
  }
  return `<svg viewBox="0 0 ${at - NARROW + QUIET} ${HEIGHT}" preserveAspectRatio="none"><path d="${path}"/></svg>`;
}

/** Identities were checked when they came in: nothing in them means anything to a page. */
export function labelSheet(identities: readonly Identity[]): string {
  const labels = identities.map(({ serial, name, colour }) => `<div class="label">${name}, ${colour}${barCode(serial)}<b>${serial}</b></div>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Pawlock labels</title>
<style>${STYLE}</style>
</head>
<body>
<div class="sheet">
${labels.join("\n")}
</div>
</body>
</html>
`;
}
