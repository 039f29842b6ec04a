import type { Network, Vectors } from "../nn/index.ts";
import type { Optimizer } from "../optim/index.ts";
import { allocate, type EngineChoice, type Spec, type TypedArray } from "../tensor/index.ts";
import type { WeightsCopy } from "./callback.ts";

type Engine = EngineChoice["engine"];

/**
 * A model's numbers in an engine's memory: parameters, moving and frozen weights and optimizer slots, each one flat vector. All
 * programs of a model are bound to the same arrays, which a training step changes in place.
 */
export class Memory implements Vectors<Float32Array> {
  readonly parameters: Float32Array;
  readonly moving: Float32Array;
  readonly frozen: Float32Array;
  private slots: ReadonlyMap<string, Float32Array> = new Map();

  /** Moves the network's weights into the engine's memory. */
  constructor(
    readonly engine: Engine,
    private readonly network: Network,
  ) {
    const { parameters, moving, frozen } = network.lengths;
    this.parameters = floats(engine, parameters);
    this.moving = floats(engine, moving);
    this.frozen = floats(engine, frozen);
    network.moveTo(this);
  }

  /** False once the network's weights have been moved elsewhere. */
  get current(): boolean {
    return this.network.isIn(this);
  }

  /** Gives every slot of the optimizer its initial value, or what `saved` holds for it. */
  prepareSlots(optimizer: Optimizer, saved: ReadonlyMap<string, Float32Array> = new Map()): void {
    this.slots = new Map(
      Object.entries(optimizer.slots).map(([name, initial]) => {
        const slot = this.slots.get(name) ?? floats(this.engine, this.parameters.length);
        const values = saved.get(name);
        if (values) slot.set(values);
        else slot.fill(initial);
        return [name, slot];
      }),
    );
  }

  get slotArrays(): ReadonlyMap<string, Float32Array> {
    return this.slots;
  }

  /** Shapes of the state that programs read, and of the slots when they train. Vectors of no elements are left out. */
  specs(training: boolean): Record<string, Spec> {
    return mapArrays(this.arrays(training), ({ length }) => ({ shape: [length], dtype: "float32" }));
  }

  /** The same as arrays. */
  arrays(training: boolean): Record<string, TypedArray> {
    const all: [string, Float32Array][] = [
      ["parameters", this.parameters],
      ["moving", this.moving],
      ["frozen", this.frozen],
    ];
    if (training) for (const [name, slot] of this.slots) all.push([slotKey(name), slot]);
    return Object.fromEntries(all.filter(([, { length }]) => length > 0));
  }

  copy(): WeightsCopy {
    return { parameters: Float32Array.from(this.parameters), moving: Float32Array.from(this.moving) };
  }

  restore({ parameters, moving }: WeightsCopy): void {
    this.parameters.set(parameters);
    this.moving.set(moving);
  }
}

/** Name of a slot among a program's state. */
export function slotKey(name: string): string {
  return `slot ${name}`;
}

function floats(engine: Engine, length: number): Float32Array {
  return (length > 0 ? allocate("float32", length, engine) : new Float32Array(0)) as Float32Array;
}

function mapArrays<T>(arrays: Record<string, TypedArray>, f: (array: TypedArray) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, f(array)]));
}
