import { quoteName } from "./sql.ts";

/**
 * What a column holds: "number", "boolean" (1 and 0) and "date" (milliseconds since 1970, UTC) are numbers, NaN where a value is missing;
 * "numbers" are arrays of one length; "text" is texts, null where one is missing; "bytes" are Uint8Arrays; "other" is the JSON of lists and records.
 */
export type ColumnKind = "number" | "boolean" | "date" | "numbers" | "text" | "bytes" | "other";

/** A column of a table. */
export interface TableColumn {
  readonly name: string;
  /** As DuckDB calls it: "BIGINT", "VARCHAR". */
  readonly type: string;
  readonly kind: ColumnKind;
  /** Numbers of a value of kind "numbers", else 1. */
  readonly width: number;
}

/** A column by its SQL type. */
export function columnOf(name: string, type: string): TableColumn {
  const array = /^(.*)\[(\d+)\]$/.exec(type);
  if (array && scalarKind(array[1] as string) === "number") {
    return { name, type, kind: "numbers", width: Number(array[2]) };
  }
  return { name, type, kind: scalarKind(type), width: 1 };
}

function scalarKind(type: string): ColumnKind {
  if (/^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|REAL|DOUBLE|DECIMAL\(\d+,\s*\d+\))$/.test(type))
    return "number";
  if (type === "BOOLEAN") return "boolean";
  if (/^(DATE|TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE)$/.test(type)) return "date";
  if (/^(VARCHAR|UUID|JSON|TIME|ENUM\(.*\))$/s.test(type) && !type.endsWith("[]")) return "text";
  return type === "BLOB" ? "bytes" : "other";
}

/** A column as a query asks for it: all numbers of one type, so that a chunk of them is copied as it lies in memory. */
export function columnSql({ name, kind, type, width }: TableColumn, precision: "DOUBLE" | "FLOAT" = "DOUBLE"): string {
  const column = quoteName(name);
  const float = (value: string) => `coalesce(TRY_CAST(${value} AS ${precision}), 'nan'::${precision})`;
  const expression: Record<ColumnKind, string> = {
    number: float(column),
    boolean: float(`${column}::TINYINT`),
    date: float(`epoch_ms(${type === "DATE" ? `${column}::TIMESTAMP` : column})`),
    numbers: `${column}::${precision}[${width}]`,
    text: `${column}::VARCHAR`,
    bytes: column,
    other: `to_json(${column})::VARCHAR`,
  };
  return expression[kind];
}
