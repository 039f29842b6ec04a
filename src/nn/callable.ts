import type { SymbolicTensor } from "./graph.ts";

/** A class whose objects are functions: to call one is to call its method `connect`. */
export abstract class Callable {
  constructor() {
    const call = (inputs: SymbolicTensor | readonly SymbolicTensor[]) => self.connect(inputs);
    const self: Callable = Object.setPrototypeOf(call, new.target.prototype);
    // biome-ignore lint/correctness/noConstructorReturn: the function takes the place of the object, with its methods
    return self;
  }

  abstract connect(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor;
}
