import { fail, unknownName } from "../../util/index.ts";
import { describe } from "../arrays.ts";
import { parseCsv, type TableRow } from "./csv.ts";

/**
 * A table of the npm package `vega-datasets` (`npm install vega-datasets`): "cars", "seattle-weather", "barley" and other JSON and CSV tables.
 * In a page, where folders can't be listed, a CSV table is asked for as "seattle-weather.csv".
 *
 * @param options `folder`: where the package lies, in a browser the URL of a copy; default where it is installed.
 * @throws DescentError when the package is not installed, or for a name it does not have (naming the nearest).
 * @example
 * const cars = await vegaTable("cars");
 * const x = tableColumns(cars, ["Horsepower", "Weight_in_lbs"]);
 */
export async function vegaTable(name: string, options: { folder?: string } = {}): Promise<TableRow[]> {
  const { listPackageFiles, packageFolder, readPackageFile } = await import("./packageFiles.ts");
  const folder = options.folder ?? packageFolder("vega-datasets");
  const files = await listPackageFiles(folder, "data");
  const file = fileOf(name, files);
  const text = new TextDecoder().decode(await readPackageFile(folder, `data/${file}`));
  if (file.endsWith(".csv")) return parseCsv(text, `vega's "${name}"`);
  const rows: unknown = JSON.parse(text);
  const isTable =
    Array.isArray(rows) && rows.length > 0 && rows.every((row) => typeof row === "object" && row !== null);
  return isTable ? (rows as TableRow[]) : fail(`vega's "${name}" is no table`, "a list of rows");
}

/** The file that holds a table; `files` are all there are, where that is known. */
function fileOf(name: string, files: readonly string[] | undefined): string {
  if (!files) return name.endsWith(".csv") ? name : `${name}.json`;
  const tables = files.filter((file) => /\.(json|csv)$/.test(file));
  const nameOf = (file: string) => file.replace(/\.\w+$/, "");
  return (
    tables.find((file) => file === name || nameOf(file) === name) ?? unknownName("vega table", name, tables.map(nameOf))
  );
}

/**
 * Columns of numbers from rows by name, as nested arrays [rows, names]; what is missing or null becomes NaN.
 *
 * @throws DescentError for a column that no row has, or a value that is no number, naming its row.
 * @example
 * tableColumns([{ a: 1, b: 2 }, { a: 3, b: null }], ["b", "a"]); // [[2, 1], [NaN, 3]]
 */
export function tableColumns(rows: readonly TableRow[], names: readonly string[]): number[][] {
  for (const name of names) {
    if (!rows.some((row) => name in row)) unknownName("column", name, Object.keys(rows[0] ?? {}));
  }
  return rows.map((row, r) =>
    names.map((name) => {
      const value = row[name];
      if (value === null || value === undefined) return Number.NaN;
      if (typeof value === "number") return value;
      return fail(`row ${r}, column "${name}" holds ${describe(value)}`, "a number, or null for a missing value");
    }),
  );
}
