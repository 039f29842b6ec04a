// A sample of flights-3m.parquet as CSV, the same rows on every machine: node bench/tables/flights.mjs PARQUET CSV ROWS
// Rows in the order of a hash of their numbers (Knuth's multiplier), as many as are asked for, written in the order of the file.
import { DuckDBInstance } from "@duckdb/node-api";

const [from, to, rows] = process.argv.slice(2);
const text = (value) => `'${value.replaceAll("'", "''")}'`;
const connection = await (await DuckDBInstance.create(":memory:")).connect();
await connection.run(`
  COPY (SELECT * EXCLUDE file_row_number FROM (
    FROM read_parquet(${text(from)}, file_row_number = true) ORDER BY (file_row_number * 2654435761) % 4294967296 LIMIT ${Number(rows)}
  ) ORDER BY file_row_number) TO ${text(to)} (HEADER)`);
