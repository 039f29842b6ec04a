import { environment, hasNode } from "../util/index.ts";

/** Where progress is shown. */
export interface Terminal {
  /** True when lines can be drawn over. */
  readonly interactive: boolean;
  /** Characters per line; asked for at every drawing, since a window changes. */
  readonly columns: number;
  write(text: string): void;
}

/** The process's standard output; in a browser, the console, line by line. */
export function standardTerminal(): Terminal {
  const stdout = hasNode() ? globalThis.process.stdout : undefined;
  if (stdout?.write) {
    return {
      interactive: stdout.isTTY === true && environment("TERM") !== "dumb",
      get columns() {
        return stdout.columns || 80;
      },
      write: (text) => void stdout.write(text),
    };
  }
  return { interactive: false, columns: 80, write: (text) => console.log(text.replace(/\n$/, "")) };
}
