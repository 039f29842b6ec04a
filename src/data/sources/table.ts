import type { Dataset } from "../datasets/dataset.ts";
import type { TableOptions } from "../tables/options.ts";
import type { Table } from "../tables/table.ts";

/**
 * A table in files, of any size: CSV and TSV (also .gz), JSON and JSON lines, Parquet, or a DuckDB database; read by the optional package
 * `@duckdb/node-api`. Only these files can be read through it, whatever a query says.
 *
 * @param source a file, or a list of files of one kind that are one table; or an SQL query that names its files: "SELECT * FROM 'houses.csv'
 * WHERE price > 0", which then are the only ones that can be read.
 * @throws DescentError when the package is not installed, and for files that are missing or none of these.
 * @example
 * writeFileSync("houses.csv", "rooms,area,price\n2,50,1\n3,80,\n4,95,3\n");
 * const table = await openTable("houses.csv");
 * table.length; // 3
 * await table.query("SELECT avg(area) AS mean FROM data"); // [{ "mean": 75 }]
 */
export async function openTable(source: string | readonly string[], options: TableOptions = {}): Promise<Table> {
  const { Table } = await import("../files.ts");
  return Table.open(source, options);
}

/**
 * The rows of a table in files, read piece by piece: {@link openTable}, as a dataset.
 *
 * @example
 * writeFileSync("houses.csv", "rooms,area,price\n2,50,1\n3,80,\n4,95,3\n");
 * const rows = await fromTable("houses.csv", { sql: "SELECT * FROM data WHERE price > 0" });
 * const samples = rows.columns({ x: ["rooms", "area"], y: "price" }); // batches of x [n, 2] and y [n]
 */
export async function fromTable(source: string | readonly string[], options: TableOptions = {}): Promise<Dataset> {
  return (await openTable(source, options)).dataset();
}
