import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A fenced block of a Markdown page. */
export interface Block {
  page: string;
  line: number;
  /** "ts", "ts continues", "sh"... as written after the fence. */
  info: string;
  code: string;
}

/** A whole program of a page: a `ts` block and the `ts continues` blocks after it. */
export interface Example {
  /** Where it stands: "README.md:12". */
  name: string;
  code: string;
}

/** All files below a folder whose names end with `extension`, from the repository's root. */
export function filesUnder(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

/** Every page of the documentation. */
export function pages(): string[] {
  return [
    ...readdirSync(root).filter((name) => name.endsWith(".md")),
    ...filesUnder("docs", ".md"),
    ...filesUnder("examples", ".md"),
    ...filesUnder("bench", ".md"),
  ];
}

export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The fenced blocks of a page. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const [index, text] of read(page).split("\n").entries()) {
    const fence = /^\s*```(.*)$/.exec(text);
    if (!fence) {
      if (open) open.code += `${text}\n`;
    } else if (open) {
      blocks.push(open);
      open = undefined;
    } else {
      open = { page, line: index + 1, info: (fence[1] ?? "").trim(), code: "" };
    }
  }
  if (open) throw new Error(`${page}:${open.line}: this block is never closed`);
  return blocks;
}

/** The programs of a page, continued blocks joined. */
export function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  for (const { line, info, code } of blocksOf(page)) {
    const last = examples.at(-1);
    if (info === "ts continues" && last) last.code += code;
    else if (info === "ts") examples.push({ name: `${page}:${line}`, code });
  }
  return examples;
}

/** The `@example` parts of a source file's docstrings; a ```ts fence inside is peeled off. */
export function docstringExamples(file: string): Example[] {
  const source = read(file);
  return [...source.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const text = comment[0].replace(/\s*\*\/$/, "").replace(/^[ \t]*\* ?/gm, "");
    const line = source.slice(0, comment.index).split("\n").length;
    return [...text.matchAll(/^@example[^\n]*\n([\s\S]*?)(?=^@\w|$(?![\s\S]))/gm)].map((match) => ({
      name: `${file}:${line}`,
      code: (match[1] ?? "").replace(/^```\w*\s*$/gm, ""),
    }));
  });
}

/**
 * Import lines for the names that an example uses without declaring them: from its own file first, then from the
 * package's public door.
 */
export function importsFor(code: string, sources: readonly { from: string; names: readonly string[] }[]): string {
  const taken = new Set(
    [
      ...code.matchAll(/\b(?:const|let|var|function|class|type|interface)\s+(?:\{([^}]*)\}|\[([^\]]*)\]|(\w+))/g),
    ].flatMap(([, object, array, name]) =>
      (object ?? array ?? name ?? "").split(",").map((part) => part.split(":").pop()?.trim() ?? ""),
    ),
  );
  for (const [, names = ""] of code.matchAll(/import (?:type )?\{([^}]*)\}/g)) {
    for (const name of names.split(",")) taken.add(name.trim());
  }
  const lines: string[] = [];
  for (const { from, names } of sources) {
    const used = names.filter((name) => !taken.has(name) && new RegExp(`(?<![.\\w$"'])${name}\\b(?!\\s*:)`).test(code));
    for (const name of used) taken.add(name);
    if (used.length > 0) lines.push(`import { ${used.join(", ")} } from "${from}";`);
  }
  return lines.join("\n");
}

/** What an example says it prints: the texts after "// prints ", in order. */
export function promisesOf(code: string): string[] {
  return [...code.matchAll(/\/\/ prints (.*)$/gm)].map((match) => (match[1] ?? "").trim());
}
