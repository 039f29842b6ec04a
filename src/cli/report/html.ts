/** A piece of HTML that is already safe to print. Only {@link html} and {@link trusted} make one. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | undefined | false | readonly Part[];

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as it must stand in HTML, in an element or in a quoted attribute; control characters become U+FFFD. */
export function escapeHtml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that HTML forbids
  const printable = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "\ufffd");
  return printable.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/**
 * HTML from a template: every value put into it is escaped, unless it is itself {@link Html}; lists are joined.
 *
 * @example
 * html`<p>${"a < b"}</p>`.text; // <p>a &lt; b</p>
 */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  let text = strings[0] ?? "";
  parts.forEach((part, i) => {
    text += render(part) + (strings[i + 1] ?? "");
  });
  return new Html(text);
}

/** Marks text written by this program (the style sheet) as HTML. Never for anything a user named. */
export function trusted(text: string): Html {
  return new Html(text);
}

function render(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return escapeHtml(String(part));
}
