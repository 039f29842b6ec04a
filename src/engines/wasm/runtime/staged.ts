import type { Buffers, Lane, Runner } from "../../../engine/index.ts";
import type { TypedArray } from "../../../ir/index.ts";
import type { KernelBuffer } from "../../../passes/index.ts";
import { fail } from "../../../util/index.ts";
import { type AddressSpace, align } from "./address-space.ts";
import type { Block, LocalMachine, Machine, MachineCode, RemoteMachine } from "./machine.ts";
import { failFull } from "./memory.ts";
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

/** Gives blocks of a machine's memory back when what they belong to is collected. */
const collected = new FinalizationRegistry<{ machine: Machine; addresses: readonly number[]; id?: number }>(
  ({ machine, addresses, id }) => {
    for (const address of addresses) machine.space.give(address);
    if (id !== undefined) machine.drop(id);
  },
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
  private readonly arena: number;
  private readonly data: readonly number[];
  private readonly working: readonly number[];

  constructor(
    { rendered, kernels, module }: Code,
    readonly place: StagedPlace,
  ) {
    const { program, data } = kernels;
    const { machine } = place;
    this.buffers = program.buffers;
    this.arena = take(machine.space, "intermediates", program.arenaBytes);
    this.data = data.map((values) => take(machine.space, "constants", values.byteLength));
    const { scratchBytes, sharedBytes } = rendered;
    this.working = [scratchBytes, sharedBytes].map((bytes) => take(machine.space, "scratch memory", bytes));
    const constants = data.map((values, i) => [this.data[i]!, bytesOf(values)] as const);
    this.code = { id: codeNumber(), module, constants };
    const addresses = [this.arena, ...this.data, ...this.working];
    collected.register(this, { machine, addresses, id: this.code.id });
  }

  bind(given: Buffers): Runner {
    const { lane, machine, small } = this.place;
    const binding = new StagedBinding(this, given, this.buffers.length + this.working.length);
    binding.place(take(machine.space, "arrays", binding.bytes), (address, offsets) => [
      ...this.buffers.map(({ place }) => {
        switch (place.kind) {
          case "arena":
            return this.arena + place.offset;
          case "data":
            return this.data[place.index]!;
          default:
            return address + offsets[place.kind][place.index]!.offset;
        }
      }),
      ...this.working,
    ]);
    collected.register(binding, { machine, addresses: [binding.address] });
    return runner(binding, lane, small);
  }
}

/** An array's place in a block. */
interface Place {
  readonly array: TypedArray;
  readonly length: number;
  readonly offset: number;
}

interface Places {
  readonly input: readonly Place[];
  readonly state: readonly Place[];
  readonly output: readonly Place[];
}

/** One block: table, inputs, state, outputs. A run reads all but outputs, and writes all but table and inputs. */
class StagedBinding implements Bound, Block {
  address = 0;
  readonly bytes: number;
  readonly reads: number;
  readonly writes: number;
  private readonly places: Places;
  private table: Uint8Array = new Uint8Array();

  constructor(
    private readonly program: StagedProgram,
    given: Buffers,
    entries: number,
  ) {
    let end = align(entries * Uint32Array.BYTES_PER_ELEMENT);
    const follow = (arrays: readonly TypedArray[]) =>
      arrays.map((array): Place => {
        const offset = end;
        end += align(array.byteLength);
        return { array, length: array.length, offset };
      });
    const input = follow(given.inputs);
    this.writes = end;
    const state = follow(given.state);
    this.reads = end;
    const output = follow(given.outputs);
    this.bytes = end;
    this.places = { input, state, output };
  }

  /** Tells where the block lies, and how its table is made. */
  place(address: number, table: (address: number, places: Places) => number[]): void {
    this.address = address;
    this.table = bytesOf(Uint32Array.from(table(address, this.places)));
  }

  fill(block: Uint8Array): void {
    const { input, state, output } = this.places;
    for (const { array, length } of [...input, ...state, ...output]) {
      // An array whose buffer was transferred (to a worker, by structuredClone) has lost its memory.
      if (array.length !== length) {
        fail("an array of a compiled program was transferred elsewhere", undefined, "transfer a copy of it");
      }
    }
    block.set(this.table);
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

function take(space: AddressSpace, what: string, bytes: number): number {
  return space.take(bytes) ?? failFull(`the memory of a program's ${what}`, bytes, space);
}

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
