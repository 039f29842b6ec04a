import { fail, formatShape, type Shape, sameShape, show } from "../util/index.ts";
import { Tensor } from "./tensor.ts";

/**
 * What a function of the user's gave, which has to be a tensor, of that shape where one is named.
 *
 * @param who the function, as the message calls it; empty where the message already begins with a name.
 */
export function givenTensor(value: unknown, who: string, shape?: Shape): Tensor {
  const isTensor = value instanceof Tensor;
  if (isTensor && (!shape || sameShape(value.shape, shape))) return value;
  const isPromise = typeof (value as Partial<Promise<unknown>> | null | undefined)?.then === "function";
  const what = isTensor ? formatShape(value.shape) : isPromise ? "a promise" : show(value);
  return fail(
    `${who} gave ${what}`.trimStart(),
    shape ? `a tensor of shape ${formatShape(shape)}` : "a tensor",
    value === undefined ? "return it" : isPromise ? "leave out async" : undefined,
  );
}
