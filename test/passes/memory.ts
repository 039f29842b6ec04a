import { DTYPES, type TypedArray } from "../../src/ir/index.ts";
import type { KernelProgram, Window } from "../../src/passes/index.ts";
import type { Bound } from "./machine.ts";

/** Who touched each byte of one piece of memory. Numbers are of steps, points or buffers, counted from 1; 0 is nobody. */
class Trace {
  /** Buffer whose value the byte holds. */
  readonly owner: Int32Array;
  readonly writeStep: Int32Array;
  readonly writePoint: Int32Array;
  readonly writeInner: Int32Array;
  readonly readStep: Int32Array;
  readonly readPoint: Int32Array;
  readonly readInner: Int32Array;
  /** Last reader that shares its work among workers. */
  readonly sharedRead: Int32Array;

  constructor(bytes: number, owner: number) {
    const make = () => new Int32Array(bytes);
    this.owner = make().fill(owner);
    [this.writeStep, this.writePoint, this.writeInner] = [make(), make(), make()];
    [this.readStep, this.readPoint, this.readInner, this.sharedRead] = [make(), make(), make(), make()];
  }
}

/** A point of its own for reads that may happen at any time during the step. */
const ANYTIME = -1;

/**
 * The memory of a kernel program, in which these rules are watched: what is read was written by the value it is meant to be (no byte
 * is read before it is written, no state is replaced before its last old read); steps between which no barrier lies and one of which
 * is shared among workers do not touch the same byte unless all only read; points of one kernel neither; and within a pass over inner
 * loops no element depends on another.
 */
export class Memory {
  readonly violations: string[] = [];
  private readonly arrays: readonly TypedArray[];
  private readonly traces: readonly (Trace | undefined)[];
  private readonly windows: readonly (Window | undefined)[];
  /** Where each window starts in what it moves over. */
  private readonly starts: number[];
  private readonly bases: readonly number[];
  private readonly bytes: readonly number[];
  private readonly names: string[] = [];
  private readonly shared: boolean[] = [];
  private step = 0;
  private phase = 0;
  private point = 0;
  private pass = 0;
  private inner = 0;

  constructor(program: KernelProgram, bound: Bound) {
    const arena = new ArrayBuffer(Math.max(program.arenaBytes, 64));
    new Uint8Array(arena).fill(0xff);
    const arenaTrace = new Trace(arena.byteLength, 0);
    const traces = new Map<string, Trace>();
    this.windows = program.buffers.map(({ place }) => (place.kind === "window" ? place : undefined));
    this.starts = program.buffers.map(() => 0);
    this.arrays = program.buffers.map(({ dtype, length, place }) => {
      if (place.kind === "window") return DTYPES[dtype].create(0);
      if (place.kind !== "arena") {
        const list = { input: bound.inputs, state: bound.state, output: bound.outputs, data: bound.data }[place.kind];
        return list[place.index]!;
      }
      // Where the engine would have no room, this throws.
      const like = DTYPES[dtype].create(0).constructor as Float32ArrayConstructor;
      return new like(arena, place.offset, length);
    });
    this.traces = program.buffers.map(({ length, dtype, place }, buffer) => {
      if (place.kind === "arena") return arenaTrace;
      if (place.kind === "input" || place.kind === "data" || place.kind === "window") return undefined;
      const key = `${place.kind} ${place.index}`;
      // The first buffer of a state is its old value, there from the beginning.
      if (!traces.has(key))
        traces.set(key, new Trace(length * DTYPES[dtype].bytes, place.kind === "state" ? buffer + 1 : 0));
      return traces.get(key);
    });
    this.bases = program.buffers.map(({ place }) => (place.kind === "arena" ? place.offset : 0));
    this.bytes = program.buffers.map(({ dtype }) => DTYPES[dtype].bytes);
  }

  /** A step starts. */
  begin(name: string, barrier: boolean, parallel: boolean): void {
    this.step++;
    this.names[this.step] = name;
    this.shared[this.step] = parallel;
    if (barrier || this.step === 1) this.phase = this.step;
  }

  /** Accesses from now on belong to this point of the outer loops, pass and point of its inner loops. */
  at(point: number, pass: number, inner: number): void {
    this.point = point + 1;
    this.pass = pass;
    this.inner = pass * 1e6 + inner + 1;
  }

  /** Accesses from now on may happen at any time during the step. */
  anytime(): void {
    this.point = ANYTIME;
  }

  /** Turn number `turn` of a loop begins: its windows move. */
  turn(windows: readonly number[], turn: number): void {
    for (const number of windows) {
      const { first, stride, period, phase = 0 } = this.windows[number]!;
      this.starts[number] = first + stride * (period === undefined ? turn : (turn + phase) % period);
    }
  }

  read(buffer: number, element: number): number {
    const window = this.windows[buffer];
    if (window) return this.read(window.of, this.starts[buffer]! + element);
    const array = this.arrays[buffer]!;
    if (!(element >= 0 && element < array.length))
      this.report(`reads element ${element} of ${array.length} of buffer ${buffer}`);
    const trace = this.traces[buffer];
    if (trace) {
      const from = this.bases[buffer]! + element * this.bytes[buffer]!;
      for (let at = from; at < from + this.bytes[buffer]!; at++) this.watchRead(trace, buffer, at);
    }
    return array[element]!;
  }

  write(buffer: number, element: number, value: number): void {
    const window = this.windows[buffer];
    if (window) {
      this.write(window.of, this.starts[buffer]! + element, value);
      return;
    }
    const array = this.arrays[buffer]!;
    if (!(element >= 0 && element < array.length))
      this.report(`writes element ${element} of ${array.length} of buffer ${buffer}`);
    const trace = this.traces[buffer];
    if (!trace) this.report(`writes buffer ${buffer}, which is an input`);
    else {
      const from = this.bases[buffer]! + element * this.bytes[buffer]!;
      for (let at = from; at < from + this.bytes[buffer]!; at++) this.watchWrite(trace, buffer, at);
    }
    array[element] = array instanceof Uint8Array && value === -1 ? 1 : value;
  }

  private watchRead(trace: Trace, buffer: number, at: number): void {
    if (trace.owner[at] !== buffer + 1)
      this.report(`reads buffer ${buffer}, where buffer ${trace.owner[at]! - 1} was written`);
    const writer = trace.writeStep[at]!;
    if (writer === this.step) {
      if (trace.writePoint[at] !== this.point) this.report(`reads buffer ${buffer} where another point of it writes`);
      else if (this.samePass(trace.writeInner[at]!))
        this.report(`reads buffer ${buffer} where the same pass writes elsewhere`);
    } else if (writer >= this.phase && (this.shared[writer] || this.shared[this.step])) {
      this.report(`reads buffer ${buffer} without a barrier after ${this.names[writer]} wrote it`);
    }
    if (trace.readStep[at] === this.step && trace.readPoint[at] !== this.point) trace.readPoint[at] = ANYTIME;
    else trace.readPoint[at] = this.point;
    trace.readStep[at] = this.step;
    trace.readInner[at] = this.inner;
    if (this.shared[this.step]) trace.sharedRead[at] = this.step;
  }

  private watchWrite(trace: Trace, buffer: number, at: number): void {
    const [reader, writer] = [trace.readStep[at]!, trace.writeStep[at]!];
    if (reader === this.step) {
      if (trace.readPoint[at] !== this.point) this.report(`writes buffer ${buffer} where another point of it reads`);
      else if (this.samePass(trace.readInner[at]!))
        this.report(`writes buffer ${buffer} where the same pass reads elsewhere`);
    }
    const earlier = this.shared[this.step] ? reader : trace.sharedRead[at]!;
    if (earlier !== this.step && earlier >= this.phase) {
      this.report(`writes buffer ${buffer} without a barrier after ${this.names[earlier]} read the memory`);
    }
    if (writer === this.step && trace.writePoint[at] !== this.point)
      this.report(`writes buffer ${buffer} from two points`);
    if (writer !== this.step && writer >= this.phase && (this.shared[writer] || this.shared[this.step])) {
      this.report(`writes buffer ${buffer} without a barrier after ${this.names[writer]} wrote the memory`);
    }
    trace.owner[at] = buffer + 1;
    trace.writeStep[at] = this.step;
    trace.writePoint[at] = this.point;
    trace.writeInner[at] = this.inner;
  }

  /** Whether another access was made by the same pass at another of its points. */
  private samePass(inner: number): boolean {
    return inner !== this.inner && Math.floor((inner - 1) / 1e6) === this.pass;
  }

  private report(what: string): void {
    const message = `${this.names[this.step]} ${what}`;
    if (this.violations.length < 20 && !this.violations.includes(message)) this.violations.push(message);
  }
}
