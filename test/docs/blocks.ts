import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
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

/** All files of ours below a folder whose names end with `extension`, from the repository's root. */
export function filesUnder(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !path.includes("/node_modules/"))
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

/** Where an example's names may come from: values as they are exported at run time, and types. */
export interface NameSource {
  from: string;
  names: readonly string[];
  types: readonly string[];
}

/** Names of the types that a source file exports, followed through `export *` and lists with `type`. */
export function exportedTypes(file: string): string[] {
  const source = read(file);
  const names = [...source.matchAll(/^export (?:declare )?(?:interface|type) (\w+)/gm)].map((match) => match[1] ?? "");
  for (const [, onlyTypes, list = ""] of source.matchAll(/^export (type )?\{([^}]*)\}/gm)) {
    const entries = list.split(",").map((entry) => entry.trim());
    names.push(
      ...entries
        .filter((entry) => entry !== "" && (onlyTypes || entry.startsWith("type ")))
        .map(
          (entry) =>
            entry
              .replace(/^type /, "")
              .split(" as ")
              .pop() ?? "",
        ),
    );
  }
  for (const [, path = ""] of source.matchAll(/^export \* from "(\.[^"]*)"/gm)) {
    names.push(...exportedTypes(posix.join(posix.dirname(file), path)));
  }
  return names;
}

/** Import lines for the names that an example uses without declaring them, from the first source that has them. */
export function importsFor(code: string, sources: readonly NameSource[]): string {
  const declared =
    /\b(?:const|let|var|function|class|type|interface)\s+(?:\{([^}]*)\}|\[([^\]]*)\]|(\w+))|import (?:type )?\{([^}]*)\}/g;
  const taken = new Set(
    [...code.matchAll(declared)].flatMap(([, ...lists]) =>
      (lists.find(Boolean) ?? "").split(",").map((entry) => entry.split(":").pop()?.split("=")[0]?.trim() ?? ""),
    ),
  );
  // Neither inside a text nor a comment, nor a property, nor a key of an object.
  const bare = code.replace(/\/\/.*$/gm, "").replace(/"[^"\n]*"/g, '""');
  const lines: string[] = [];
  const take = (keyword: string, names: readonly string[], from: string): void => {
    const used = [...new Set(names)].filter(
      (name) => !taken.has(name) && new RegExp(`(?<![.\\w$])${name}\\b(?!\\s*:(?!:))`).test(bare),
    );
    for (const name of used) taken.add(name);
    if (used.length > 0) lines.push(`${keyword} { ${used.join(", ")} } from "${from}";`);
  };
  for (const { from, names, types } of sources) {
    take("import", names, from);
    take("import type", types, from);
  }
  return lines.join("\n");
}

/** What an example says it prints: the texts after "// prints ", in order. */
export function promisesOf(code: string): string[] {
  return [...code.matchAll(/\/\/ prints (.*)$/gm)].map((match) => (match[1] ?? "").trim());
}

/**
 * An example with its comments turned into checks: after `EXPRESSION; // JSON` and `const name = ...; // JSON`, on one
 * line, the value must be what the comment says (a sentence may follow a colon).
 */
export function withChecks(code: string): string {
  let checks = 0;
  const lines = code.split("\n").map((line) => {
    const [, statement = "", comment = ""] = /^(\S.*); \/\/ (.*)$/.exec(line) ?? [];
    const json = [comment, comment.replace(/: .*$/, "")].find(isJson);
    if (json === undefined) return line;
    const text = JSON.stringify(json);
    const name = /^(?:const|let) (\w+) = /.exec(statement)?.[1];
    if (!name && /^(const|let|import|export|for|if|return|console|\w+ = )/.test(statement)) return line;
    checks++;
    return name ? `${line}\nawait promised(${name}, ${text});` : `await promised(${statement}, ${text});`;
  });
  return checks > 0 ? `import { promised } from "${root}test/docs/promised.ts";\n${lines.join("\n")}` : code;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
