import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { catalogue } from "../../scripts/catalogue.ts";
import { type Block, blocksOf, pages, read, root } from "./blocks.ts";

const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
const shells = ["sh", "bash", "console"];

/** The commands of a shell block, one per entry, without comments and prompts. */
function commandsOf({ code }: Block): string[] {
  return code
    .replace(/\\\n\s*/g, " ")
    .split("\n")
    .map((line) =>
      line
        .replace(/(^|\s)#.*$/, "")
        .replace(/^\$ /, "")
        .trim(),
    )
    .filter(Boolean);
}

test("the catalogue is up to date (npm run catalogue)", () => {
  expect(read("docs/catalogue.md")).toBe(catalogue());
});

const helps = new Map<string, string>();

/** What `descent COMMAND --help` prints. */
function help(command: string): string {
  const known = helps.get(command);
  if (known !== undefined) return known;
  const words = command ? [command, "--help"] : ["--help"];
  const { stdout } = spawnSync(process.execPath, ["bin/descent.mjs", ...words], { cwd: root, encoding: "utf8" });
  helps.set(command, stdout);
  return stdout;
}

/** What is wrong with a command that a page shows, or undefined. Only commands of this project are judged. */
function complaint(command: string): string | undefined {
  const words = command.split(/\s+/).filter((word) => !/^\w+=/.test(word));
  const [program, first = "", second = ""] = words;
  if (program === "npm" && ["start", "test", "run"].includes(first)) {
    const script = first === "run" ? second : first;
    return scripts.includes(script) ? undefined : `no npm script "${script}"`;
  }
  const rest = program === "npx" ? words.slice(1) : words;
  if (rest[0] !== "descent") return undefined;
  const subcommand = rest[1]?.startsWith("-") ? "" : (rest[1] ?? "");
  if (!new RegExp(`^\\s+${subcommand}\\b`, "m").test(help(""))) return `descent has no command "${subcommand}"`;
  const unknown = rest.filter(
    (word) => word.startsWith("--") && !help(subcommand).includes(word.split("=")[0] ?? word),
  );
  return unknown.length > 0 ? `descent ${subcommand} has no ${unknown.join(", ")}` : undefined;
}

describe.each(pages())("%s", (page) => {
  const text = read(page);
  const prose = text.replace(/^```[\s\S]*?^```/gm, "");

  test("has links that lead to files and headings", () => {
    const broken = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !/^(https?|mailto):/.test(link))
      .filter((link) => {
        const [path = "", heading] = link.split("#");
        const target = path === "" ? page : posix.join(posix.dirname(page), path);
        return !existsSync(root + target) || (heading !== undefined && !headingsOf(target).includes(heading));
      });
    expect(broken).toEqual([]);
  });

  test("names files that exist", () => {
    const missing = [...prose.matchAll(/`((?:src|test|docs|examples|bench|scripts|bin)\/[^`\s]*)`/g)]
      .map((match) => match[1] ?? "")
      // A pattern or a file yet to be written: `src/nn/layers/<name>.ts`, `src/engines/*`; what stands before must exist.
      .map((path) => path.replace(/[^/]*[<*{].*$/, ""))
      .filter((path) => !existsSync(root + path));
    expect(missing).toEqual([]);
  });

  test("shows commands that exist", () => {
    const commands = blocksOf(page)
      .filter(({ info }) => shells.includes(info))
      .flatMap(commandsOf);
    expect(
      commands.map((command) => complaint(command) && `${command}: ${complaint(command)}`).filter(Boolean),
    ).toEqual([]);
  });

  test("keeps its lines short", () => {
    const long = text
      .split("\n")
      .filter((line) => line.length > 160 && !line.startsWith("|") && !line.includes("](http"));
    expect(long).toEqual([]);
  });
});

/** The anchors of a page's headings, as code hosts make them. */
function headingsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replace(/ /g, "-"),
  );
}
