const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
} as const;

/** A way to mark text: a color or a weight. */
export type Style = keyof typeof CODES;

/** Where text goes; a terminal says so with `isTTY`. */
export interface TerminalStream {
  isTTY?: boolean;
}

/** True when `stream` is a terminal and the user did not refuse color (NO_COLOR, see no-color.org; TERM=dumb). */
export function colorEnabled(stream: TerminalStream = process.stdout): boolean {
  const { NO_COLOR, TERM } = process.env;
  return stream.isTTY === true && !NO_COLOR && TERM !== "dumb";
}

/** `text` in a style, or as it is when color is off. */
export function paint(text: string, style: Style, color: boolean = colorEnabled()): string {
  const [on, off] = CODES[style];
  return color ? `\u001b[${on}m${text}\u001b[${off}m` : text;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one
const SEQUENCES = /\u001b\[[0-9;]*m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal would obey
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** Text from outside (a class name, a path) without characters that a terminal would obey. */
export function plain(text: string): string {
  return text.replace(CONTROL, "\ufffd");
}

/** Columns that text takes in a terminal: styles take none, East Asian characters and emoji take two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text.replace(SEQUENCES, ""))) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
