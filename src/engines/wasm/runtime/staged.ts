import type { Buffers, Lane, Runner } from "../../../engine/index.ts";
import type { TypedArray } from "../../../ir/index.ts";
import type { KernelBuffer } from "../../../passes/index.ts";
import { fail } from "../../../util/index.ts";
import { align } from "./address-space.ts";
import type { Block, LocalMachine, Machine, MachineCode, RemoteMachine } from "./machine.ts";
import { type Bound, type Code, codeNumber, isSmall, type LoadedProgram, nextTurn, runner } from "./turns.ts";

/** Where programs run in memory that arrays are copied to and from. */
export interface StagedHost {
  readonly lane: Lane;
  /** On the calling thread. */
  readonly local: LocalMachine;
  /** In a worker; undefined where there is none. */
  readonly remote: RemoteMachine | undefined;
}

/** Loads a program whose arrays are not in the memory that it runs in: each run copies them there and back. */
export async function loadStaged(code: Code, { lane, local, remote }: StagedHost): Promise<LoadedProgram> {
  const small = isSmall(code);
  const machine = small || !remote ? local : remote;
  const program = new StagedProgram(code, { lane, machine, small, offThread: machine === remote });
  if (machine === local) await local.prepare(program.code);
  return program;
}

/** Lets a machine forget the code of programs that are gone. */
const collected = new FinalizationRegistry<{ readonly machine: Machine; readonly id: number }>(({ machine, id }) =>
  machine.drop(id),
);

interface StagedPlace {
  readonly lane: Lane;
  readonly machine: Machine;
  readonly small: boolean;
  /** The machine does not compute on the calling thread. */
  readonly offThread: boolean;
}

class StagedProgram implements LoadedProgram {
  readonly threads = 1;
  readonly code: MachineCode;
  private readonly buffers: readonly KernelBuffer[];
  private readonly block: OwnBlock;
  /** Places of constants, and of the working memory. */
  private readonly data: readonly number[];
  private readonly working: readonly number[];

  constructor(
    { rendered, kernels, module }: Code,
    readonly place: StagedPlace,
  ) {
    const { program, data } = kernels;
    const { machine } = place;
    this.buffers = program.buffers;
    let bytes = align(program.arenaBytes);
    const follow = (count: number) => {
      bytes += align(count);
      return bytes - align(count);
    };
    const offsets = data.map((values) => follow(values.byteLength));
    const working = [rendered.scratchBytes, rendered.sharedBytes].map(follow);
    this.block = machine.space.take("the memory of a program's intermediates", bytes, (start) => ({ start }));
    const { start } = this.block;
    this.data = offsets.map((offset) => start + offset);
    this.working = working.map((offset) => start + offset);
    const constants = data.map((values, i) => [this.data[i]!, bytesOf(values)] as const);
    this.code = { id: codeNumber(), module, constants };
    collected.register(this, { machine, id: this.code.id });
  }

  bind(given: Buffers): Runner {
    const { lane, machine, small } = this.place;
    const layout = layOut(given, this.buffers.length + this.working.length);
    const binding = machine.space.take(
      "the memory of a program's arrays",
      layout.bytes,
      (address) => new StagedBinding(this, layout, address, this.table(address, layout)),
    );
    return runner(binding, lane, small);
  }

  /** Addresses of all buffers, for a binding whose block lies at `address`. */
  private table(address: number, { places }: Layout): Uint32Array {
    const addresses = this.buffers.map(({ place }) => {
      switch (place.kind) {
        case "arena":
          return this.block.start + place.offset;
        case "data":
          return this.data[place.index]!;
        case "window":
          return 0; // The module finds it.
        default:
          return address + places[place.kind][place.index]!.offset;
      }
    });
    return Uint32Array.from([...addresses, ...this.working]);
  }
}

/** Memory that a program needs beside its arrays. */
interface OwnBlock {
  readonly start: number;
}

/** An array's place in a block. */
interface Place {
  readonly array: TypedArray;
  readonly length: number;
  readonly offset: number;
}

/** One block: table, inputs, state, outputs. A run reads all but outputs, and writes all but table and inputs. */
interface Layout {
  readonly places: {
    readonly input: readonly Place[];
    readonly state: readonly Place[];
    readonly output: readonly Place[];
  };
  readonly bytes: number;
  readonly reads: number;
  readonly writes: number;
}

function layOut(given: Buffers, entries: number): Layout {
  let end = align(entries * Uint32Array.BYTES_PER_ELEMENT);
  const follow = (arrays: readonly TypedArray[]) =>
    arrays.map((array): Place => {
      const offset = end;
      end += align(array.byteLength);
      return { array, length: array.length, offset };
    });
  const input = follow(given.inputs);
  const writes = end;
  const state = follow(given.state);
  const reads = end;
  const output = follow(given.outputs);
  return { places: { input, state, output }, bytes: end, reads, writes };
}

class StagedBinding implements Bound, Block {
  readonly bytes: number;
  readonly reads: number;
  readonly writes: number;
  private readonly places: Layout["places"];

  constructor(
    private readonly program: StagedProgram,
    { places, bytes, reads, writes }: Layout,
    readonly address: number,
    private readonly table: Uint32Array,
  ) {
    this.places = places;
    this.bytes = bytes;
    this.reads = reads;
    this.writes = writes;
  }

  fill(block: Uint8Array): void {
    const { input, state, output } = this.places;
    for (const { array, length } of [...input, ...state, ...output]) {
      // An array whose buffer was transferred (to a worker, by structuredClone) has lost its memory.
      if (array.length !== length) {
        fail("an array of a compiled program was transferred elsewhere", undefined, "transfer a copy of it");
      }
    }
    block.set(bytesOf(this.table));
    for (const { array, offset } of [...input, ...state]) block.set(bytesOf(array), offset);
  }

  drain(block: Uint8Array): void {
    const { state, output } = this.places;
    for (const { array, offset } of [...state, ...output]) {
      bytesOf(array).set(block.subarray(offset, offset + array.byteLength));
    }
  }

  now(): void {
    this.program.place.machine.run(this.program.code, this);
  }

  async later(): Promise<void> {
    const { machine, offThread } = this.program.place;
    if (!offThread) await nextTurn();
    await machine.run(this.program.code, this);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
