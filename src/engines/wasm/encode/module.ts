import { type Code, flatten, VALUE_TYPES, type ValueType } from "./code.ts";
import { unsigned } from "./leb128.ts";

/** A function of a module: parameters are its first locals. */
export interface WasmFunction {
  readonly parameters: readonly ValueType[];
  readonly results?: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly body: Code;
  /** The name under which the host finds it. */
  readonly export?: string;
}

export interface MemoryImport {
  readonly module: string;
  readonly name: string;
  readonly shared: boolean;
}

/** Pages of 64 KiB that a 32-bit memory has at most. */
const MOST_PAGES = 65536;

/** The binary form of a module that imports one memory and defines `functions`, numbered in their order. */
export function encodeModule(functions: readonly WasmFunction[], memory: MemoryImport): Uint8Array<ArrayBuffer> {
  const types = new Map<string, number>();
  const typeBytes: Code[] = [];
  const numbers = functions.map(({ parameters, results = [] }) => {
    const key = `${parameters.join()}>${results.join()}`;
    let number = types.get(key);
    if (number === undefined) {
      number = types.size;
      types.set(key, number);
      typeBytes.push([0x60, list(parameters.map(typeOf)), list(results.map(typeOf))]);
    }
    return unsigned(number);
  });
  const exported = functions.flatMap((each, i) =>
    each.export === undefined ? [] : [[text(each.export), 0x00, unsigned(i)]],
  );
  const limits = memory.shared ? [0x03, 0, unsigned(MOST_PAGES)] : [0x00, 0];
  const code: number[] = [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list(typeBytes)),
    ...section(2, list([[text(memory.module), text(memory.name), 0x02, limits]])),
    ...section(3, list(numbers)),
    ...section(7, list(exported)),
  ];
  const bodies = functions.map(bodyOf);
  const count = unsigned(bodies.length);
  const size = bodies.reduce((sum, each) => sum + each.length, count.length);
  const head = [...code, 10, ...unsigned(size), ...count];
  const bytes = new Uint8Array(head.length + size - count.length);
  bytes.set(head);
  let at = head.length;
  for (const each of bodies) {
    bytes.set(each, at);
    at += each.length;
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
  const bytes = flatten(content);
  return [number, ...unsigned(bytes.length), ...bytes];
}

function bodyOf({ locals, body }: WasmFunction): number[] {
  // Neighbouring locals of one type are declared together.
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  const declarations = flatten(list(runs.map(({ type, count }) => [unsigned(count), typeOf(type)])));
  const bytes = flatten(body);
  return [...unsigned(declarations.length + bytes.length + 1), ...declarations, ...bytes, 0x0b];
}
