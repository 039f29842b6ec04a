import { type Assembled, assemble } from "./assemble.ts";
import { type Code, VALUE_TYPES, type ValueType } from "./code.ts";
import type { WasmFunction } from "./function.ts";
import { unsigned } from "./leb128.ts";

export interface MemoryImport {
  readonly module: string;
  readonly name: string;
  readonly shared: boolean;
}

/** A function that the host gives, by the name under which the module's functions call it; it takes nothing and gives an f64. */
export interface ClockImport {
  readonly module: string;
  readonly name: string;
}

/** Pages of 64 KiB that a 32-bit memory has at most. */
const MOST_PAGES = 65536;

/** The binary form of a module that imports one memory (and a clock, where it reads one) and exports the functions of the given names. */
export function encodeModule(
  functions: ReadonlyMap<string, WasmFunction>,
  exported: readonly string[],
  memory: MemoryImport,
  clock?: ClockImport,
): Uint8Array<ArrayBuffer> {
  // Imported functions come first.
  const names = [...(clock ? [clock.name] : []), ...functions.keys()];
  const numbers = new Map(names.map((name, i) => [name, i]));
  const types = new Map<string, number>();
  const typeBytes: Code[] = [];
  const typeNumbers = [...functions.values()].map(({ parameters, results }) => {
    const key = `${parameters.join()}>${results.join()}`;
    let number = types.get(key);
    if (number === undefined) {
      number = types.size;
      types.set(key, number);
      typeBytes.push([0x60, list(parameters.map(typeOf)), list(results.map(typeOf))]);
    }
    return unsigned(number);
  });
  const clockType = types.size;
  if (clock) typeBytes.push([0x60, list([]), list([typeOf("f64")])]);
  const imports = [
    [text(memory.module), text(memory.name), 0x02, memory.shared ? [0x03, 0, unsigned(MOST_PAGES)] : [0x00, 0]],
    ...(clock ? [[text(clock.module), text(clock.name), 0x00, unsigned(clockType)]] : []),
  ];
  const exports = exported.map((name) => [text(name), 0x00, unsigned(numbers.get(name)!)]);
  const bodies = [...functions.values()].map((each) => bodyBytes(each, numbers));
  const count = unsigned(bodies.length);
  const size = bodies.reduce((sum, each) => sum + each.length, count.length);
  return concatenate([
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(1, list(typeBytes)),
    section(2, list(imports)),
    section(3, list(typeNumbers)),
    section(7, list(exports)),
    [10, ...unsigned(size), ...count],
    ...bodies,
  ]);
}

const latin = new TextDecoder("latin1");

/** The text by which functions are found equal: everything but their names. Asked for once their body is written. */
export function functionKey(each: WasmFunction): string {
  const { bytes, calls } = assembled(each);
  const names = calls.map(({ at, name }) => `${at} ${name}`);
  return [each.parameters, each.results, each.locals, names, latin.decode(bytes)].join(";");
}

function concatenate(parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const typeOf = (type: ValueType): number => VALUE_TYPES[type];

function list(items: readonly Code[]): Code {
  return [unsigned(items.length), items];
}

function text(value: string): Code {
  return list([...new TextEncoder().encode(value)]);
}

function section(number: number, content: Code): number[] {
  const bytes = assemble(content, 0).bytes;
  return [number, ...unsigned(bytes.length), ...bytes];
}

const known = new WeakMap<WasmFunction, Assembled>();

/** A function's body, assembled once. */
function assembled(each: WasmFunction): Assembled {
  const found = known.get(each) ?? assemble(each.body, each.parameters.length);
  known.set(each, found);
  return found;
}

function bodyBytes(each: WasmFunction, numbers: ReadonlyMap<string, number>): Uint8Array {
  // Neighbouring locals of one type are declared together.
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of each.locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  const declarations = assemble(list(runs.map(({ type, count }) => [unsigned(count), typeOf(type)])), 0).bytes;
  const { bytes, calls } = assembled(each);
  const parts: (readonly number[] | Uint8Array)[] = [declarations];
  let from = 0;
  for (const { at, name } of calls) {
    const number = numbers.get(name);
    if (number === undefined) throw new Error(`Descent bug: there is no function ${name}`);
    parts.push(bytes.subarray(from, at), unsigned(number));
    from = at;
  }
  parts.push(bytes.subarray(from), [0x0b]);
  return concatenate([unsigned(parts.reduce((sum, { length }) => sum + length, 0)), ...parts]);
}
