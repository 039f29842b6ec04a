import { damaged } from "../readers/headers.ts";
import type { ColumnKind } from "../tables/columns.ts";
import { ARROW, type FlatTable } from "./flatTable.ts";

/** How the values of a column lie in its buffers; `nested` columns are known by what they take up only. */
export type Form =
  | { readonly is: "null" | "bits" }
  /** Numbers of `bytes` each, `times` and `over` (both whole, one of them 1) their value here: timestamps come as milliseconds. */
  | {
      readonly is: "integers";
      readonly bytes: number;
      readonly signed: boolean;
      readonly times: number;
      readonly over: number;
    }
  | { readonly is: "floats"; readonly bytes: number }
  | { readonly is: "decimals"; readonly bytes: number; readonly scale: number }
  /** Texts or bytes between offsets of so many bytes. */
  | { readonly is: "pieces"; readonly bytes: number }
  /** Texts or bytes, each short or a place in a buffer. */
  | { readonly is: "views" }
  /** Bytes, so many of each. */
  | { readonly is: "blocks"; readonly bytes: number }
  /** So many values of the only child in each. */
  | { readonly is: "arrays"; readonly size: number }
  | { readonly is: "nested"; readonly buffers: number };

export interface Field {
  readonly name: string;
  /** As Arrow calls it: "Int32". */
  readonly type: string;
  readonly form: Form;
  /** As which it is read. */
  readonly kind: ColumnKind;
  readonly children: readonly Field[];
  /** What lies in the batches are places, of this form, in the dictionary of this number, whose values are of the field's form. */
  readonly dictionary: { readonly id: number; readonly places: Form } | undefined;
}

/** Fields of a schema at most, and how deep they may lie. */
const MOST_FIELDS = 100_000;
const DEEPEST = 64;

/** Numbers of an array, as DuckDB's: memory for the rows of a batch is taken before they are read. */
const WIDEST = 100_000;

/** Fields of a schema. */
export function fieldsOf(schema: FlatTable, name: string): Field[] {
  if (schema.int16(0) !== 0) damaged(name, "its numbers are big-endian", "little-endian numbers");
  let count = 0;
  const field = (table: FlatTable, depth: number): Field => {
    if (++count > MOST_FIELDS || depth > DEEPEST) damaged(name, "it has too many columns", `at most ${MOST_FIELDS}`);
    const children = table.tables(5, MOST_FIELDS - count).map((child) => field(child, depth + 1));
    const encoding = table.table(4);
    const places = encoding && integers(encoding.table(1));
    if (places?.is === "integers" && ![1, 2, 4, 8].includes(places.bytes))
      damaged(name, "a dictionary of it is damaged", ARROW);
    const known = typeOf(table.uint8(2), table.table(3), children, name);
    return {
      name: table.text(0),
      ...known,
      children,
      dictionary: encoding && places && { id: encoding.int64(0), places },
    };
  };
  const fields = schema.tables(1, MOST_FIELDS).map((table) => field(table, 0));
  const names = fields.map((each) => each.name);
  const seen = new Set<string>();
  const twice = names.find((each) => seen.size === seen.add(each).size);
  if (twice !== undefined) damaged(name, `two of its columns are called "${twice}"`, "a name for each");
  return fields;
}

/** A type of whole numbers; where a dictionary's places have none told, they are of 32 bits. */
function integers(type: FlatTable | undefined): Form {
  const signed = type === undefined || type.uint8(1) !== 0;
  return { is: "integers", bytes: (type?.int32(0) ?? 32) / 8, signed, times: 1, over: 1 };
}

/** Units of time as Arrow numbers them, as factors that make milliseconds of them. */
const UNITS = [
  { name: "s", times: 1000, over: 1 },
  { name: "ms", times: 1, over: 1 },
  { name: "us", times: 1, over: 1000 },
  { name: "ns", times: 1, over: 1_000_000 },
];

type Known = Pick<Field, "type" | "form" | "kind">;

/** The types by their numbers in Arrow's Schema.fbs. */
function typeOf(number: number, type: FlatTable | undefined, children: readonly Field[], name: string): Known {
  const int = (field: number, otherwise = 0) => type?.int32(field, otherwise) ?? otherwise;
  const nested = (words: string, buffers: number): Known => ({
    type: words,
    form: { is: "nested", buffers },
    kind: "other",
  });
  const whole = (bytes: number, times = 1, over = 1): Form => ({ is: "integers", bytes, signed: true, times, over });
  const bad = (what: string): never => damaged(name, `one of its columns has ${what}`, ARROW);
  switch (number) {
    case 1:
      return { type: "Null", form: { is: "null" }, kind: "number" };
    case 2: {
      const form = integers(type);
      if (form.is !== "integers" || ![1, 2, 4, 8].includes(form.bytes)) return bad("whole numbers of no known width");
      return { type: `${form.signed ? "Int" : "Uint"}${8 * form.bytes}`, form, kind: "number" };
    }
    case 3: {
      const bytes = [2, 4, 8][type?.int16(0) ?? 0] ?? bad("numbers of no known precision");
      return { type: `Float${8 * bytes}`, form: { is: "floats", bytes }, kind: "number" };
    }
    case 4:
      return { type: "Binary", form: { is: "pieces", bytes: 4 }, kind: "bytes" };
    case 5:
      return { type: "Utf8", form: { is: "pieces", bytes: 4 }, kind: "text" };
    case 6:
      return { type: "Bool", form: { is: "bits" }, kind: "boolean" };
    case 7: {
      const bytes = int(2, 128) / 8;
      if (![4, 8, 16, 32].includes(bytes)) bad("decimals of no known width");
      return { type: `Decimal(${int(0)}, ${int(1)})`, form: { is: "decimals", bytes, scale: int(1) }, kind: "number" };
    }
    case 8: {
      const days = (type?.int16(0, 1) ?? 1) === 0;
      return { type: "Date", form: days ? whole(4, 86_400_000) : whole(8), kind: "date" };
    }
    case 9:
      return nested("Time", 2);
    case 10: {
      const unit = UNITS[type?.int16(0) ?? 0] ?? bad("times of no known unit");
      return { type: `Timestamp(${unit.name})`, form: whole(8, unit.times, unit.over), kind: "date" };
    }
    case 11:
      return nested("Interval", 2);
    case 12:
      return nested("List", 2);
    case 13:
      return nested("Struct", 1);
    case 14: // before version 5 of the metadata with a bitmap; such files are refused where their buffers are counted
      return nested("Union", (type?.int16(0) ?? 0) === 1 ? 2 : 1);
    case 15: {
      if (int(0) < 0) bad("values of a negative length");
      return { type: `FixedSizeBinary(${int(0)})`, form: { is: "blocks", bytes: int(0) }, kind: "bytes" };
    }
    case 16: {
      const [child] = children;
      const plain = child && child.kind === "number" && child.form.is !== "null" && !child.dictionary && int(0) > 0;
      if (!plain || int(0) > WIDEST) return nested(`FixedSizeList[${int(0)}]`, 1);
      return { type: `${child.type}[${int(0)}]`, form: { is: "arrays", size: int(0) }, kind: "numbers" };
    }
    case 17:
      return nested("Map", 2);
    case 18:
      return nested("Duration", 2);
    case 19:
      return { type: "LargeBinary", form: { is: "pieces", bytes: 8 }, kind: "bytes" };
    case 20:
      return { type: "LargeUtf8", form: { is: "pieces", bytes: 8 }, kind: "text" };
    case 21:
      return nested("LargeList", 2);
    case 22:
      return nested("RunEndEncoded", 0);
    case 23:
      return { type: "BinaryView", form: { is: "views" }, kind: "bytes" };
    case 24:
      return { type: "Utf8View", form: { is: "views" }, kind: "text" };
    case 25:
      return nested("ListView", 3);
    case 26:
      return nested("LargeListView", 3);
    default:
      return bad(`the type ${number}, which nobody knows`);
  }
}
