import { type Code, isSimple, type LocalReference, local, type ValueType } from "./code.ts";

/** A function of a module. */
export interface WasmFunction {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** Makes a function: parameters and locals are added while its body is written. */
export class FunctionBuilder implements WasmFunction {
  readonly parameters: ValueType[] = [];
  readonly results: ValueType[];
  readonly locals: ValueType[] = [];
  readonly body: Code[] = [];

  constructor(...results: ValueType[]) {
    this.results = results;
  }

  parameter(type: ValueType): LocalReference {
    return { kind: "parameter", number: this.parameters.push(type) - 1 };
  }

  local(type: ValueType): LocalReference {
    return { kind: "local", number: this.locals.push(type) - 1 };
  }

  /** Computes a value now, for use any number of times. */
  hold(type: ValueType, value: Code, block: Code[] = this.body): Code {
    if (isSimple(value)) return value;
    const variable = this.local(type);
    block.push(local.set(variable, value));
    return local.get(variable);
  }
}
