import { einsum, type Tensor } from "../../tensor/index.ts";
import { fail, formatShape, type Shape, show } from "../../util/index.ts";
import { type ActivationSpec, resolveActivation } from "../activation-registry.ts";
import { type InitializerSpec, resolveInitializer } from "../initializer-registry.ts";
import { checkLayerOptions, defineLayer, type Layer, type LayerOptions, trainable } from "../layer.ts";

export interface EinsumDenseOptions extends LayerOptions {
  /** Letters of the output's axes that a bias is added along; default: no bias (Keras). */
  biasAxes?: string;
  /** Default "linear" (Keras). */
  activation?: ActivationSpec;
  /** Default "glorotUniform" (Keras; Glorot & Bengio, 2010). */
  kernelInitializer?: InitializerSpec;
  /** Default "zeros" (Keras). */
  biasInitializer?: InitializerSpec;
}

/** "xab,bc->xac": letters of the input's, kernel's and output's axes; "..." in input and output stands for any further axes there. */
interface Equation {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
}

/**
 * y = activation(einsum(equation, x, kernel) + bias), a dense layer over axes of one's choice (Keras's EinsumDense). The
 * batch is the first axis of input and output. `outputShape`: the output's axes after the batch (and after those of "..."), null
 * where the input has the size. Weights: kernel, of the axes that the equation names; bias, along `biasAxes`.
 *
 * @example
 * layers.einsumDense("btd,dhk->bthk", [null, 4, 16], { biasAxes: "hk", inputShape: [10, 64] }); // [batch, 10, 4, 16]
 */
export function einsumDense(
  equation: string,
  outputShape: number | readonly (number | null)[],
  options: EinsumDenseOptions = {},
): Layer {
  checkLayerOptions("einsumDense", options, ["biasAxes", "activation", "kernelInitializer", "biasInitializer"]);
  const parsed = parse(equation);
  const given = typeof outputShape === "number" ? [outputShape] : outputShape;
  if (!Array.isArray(given) || !given.every((size) => size === null || (Number.isInteger(size) && size > 0))) {
    fail(
      `einsumDense got outputShape = ${show(outputShape)}`,
      "positive integers, or null where the input has the size",
    );
  }
  const { biasAxes = "" } = options;
  if (typeof biasAxes !== "string") fail(`einsumDense got biasAxes = ${show(biasAxes)}`, 'letters, such as "d"');
  if ([...biasAxes].some((letter) => !parsed.output.replace(/\./g, "").includes(letter))) {
    fail(`einsumDense got biasAxes = "${biasAxes}"`, `letters of the output "${parsed.output}"`);
  }
  const activation = resolveActivation(options.activation);
  const kernelInitializer = resolveInitializer(options.kernelInitializer ?? "glorotUniform");
  const biasInitializer = resolveInitializer(options.biasInitializer ?? "zeros");

  return defineLayer({
    kind: "einsumDense",
    options: { equation, outputShape, ...options },
    outputShape: (input) => axesOf(parsed, given, input).shape,
    weights(input) {
      const { sizes, output, kernel } = axesOf(parsed, given, input);
      const along = [...output.slice(1)].map((letter) => (biasAxes.includes(letter) ? (sizes.get(letter) ?? 1) : 1));
      const first = along.findIndex((_, axis) => biasAxes.includes(output[axis + 1] ?? " "));
      return {
        kernel: trainable(
          [...kernel].map((letter) => sizes.get(letter) ?? 1),
          kernelInitializer,
        ),
        bias: biasAxes === "" ? undefined : trainable(along.slice(first), biasInitializer),
      };
    },
    call(x, { kernel, bias }) {
      const { input, output, kernel: labels } = axesOf(parsed, given, x.shape.slice(1));
      return finish(einsum(`${input},${labels}->${output}`, x, kernel), bias);
    },
    callChanged(x, { kernel, bias }, { a, b }) {
      const { input, output, kernel: labels } = axesOf(parsed, given, x.shape.slice(1));
      const [rest, last] = [labels.slice(0, -1), labels.slice(-1)];
      const rank = unusedLetters(`${input}${labels}${output}`)[0] as string;
      const narrow = a.reshape([...kernel.shape.slice(0, -1), -1]); // [...rest, rank]
      const changed = !input.includes(last)
        ? einsum(`${input},${rest}${rank},${rank}${last}->${output}`, x, narrow, b)
        : output.includes(last) // no sum over it: nothing gets smaller
          ? einsum(`${input},${labels}->${output}`, x, a.matmul(b).reshape(kernel.shape))
          : einsum(`${input},${rank}${last},${rest}${rank}->${output}`, x, b, narrow);
      return finish(einsum(`${input},${labels}->${output}`, x, kernel).add(changed), bias);
    },
  });

  function finish(y: Tensor, bias: Tensor | undefined): Tensor {
    return activation(bias ? y.add(bias) : y);
  }
}
einsumDense.positional = ["equation", "outputShape"];

/** Either no dots, or the same dots at one end of input and output. */
const FORM = /^(?:(\w+),(\w+)->(\w+)|(\.{3}\w+),(\w+)->(\.{3}\w+)|(\w+\.{3}),(\w+)->(\w+\.{3}))$/;

function parse(equation: string): Equation {
  const [, ...found] = FORM.exec(String(equation).replaceAll(" ", "")) ?? [];
  const [input = "", kernel = "", output = ""] = found.filter((part) => part !== undefined);
  const unknown = [...output].some((letter) => letter !== "." && !`${input}${kernel}`.includes(letter));
  const batchFirst = input.startsWith(".") || input[0] === output[0];
  if (!/^[a-zA-Z.]+$/.test(input + kernel + output) || unknown || !batchFirst || new Set(kernel).size < kernel.length) {
    fail(
      `einsumDense got the equation ${show(equation)}`,
      'letters for the axes of input, kernel and output, the batch first, such as "bti,io->bto" or "...i,io->...o"',
    );
  }
  return { input, kernel, output };
}

function unusedLetters(used: string): string[] {
  return [..."ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba"].filter((letter) => !used.includes(letter));
}

/** The equation with letters for the dots, the size of every letter but the batch, and the output's shape of one sample. */
function axesOf({ input, kernel, output }: Equation, given: readonly (number | null)[], sample: Shape) {
  const received = `received samples of shape ${formatShape(sample)}`;
  const named = input.replace("...", "");
  const dotted = named !== input;
  const more = sample.length + 1 - named.length; // axes that the dots stand for, the batch among them if they come first
  if (dotted ? more < (input.startsWith(".") ? 1 : 0) : more !== 0) {
    const least = named.length - (input.startsWith(".") ? 0 : 1);
    fail(received, `${least} axes${dotted ? " or more" : ""} after the batch, as "${input}" has`);
  }
  const dots = unusedLetters(`${input}${kernel}${output}`).slice(0, Math.max(0, more)).join("");
  const [from, to] = [input.replace("...", dots), output.replace("...", dots)];
  const sizes = new Map([...from].slice(1).map((letter, axis) => [letter, sample[axis] ?? 1]));
  const own = [...to].slice(1).filter((letter) => !dots.includes(letter));
  if (own.length !== given.length) {
    fail(
      `einsumDense got ${given.length} sizes of the output "${output}"`,
      `${own.length}, one for each axis but the batch`,
    );
  }
  own.forEach((letter, axis) => {
    const [known, size] = [sizes.get(letter), given[axis] ?? null];
    if (size === null && known === undefined)
      fail(`einsumDense got no size for "${letter}"`, "a number in outputShape");
    if (known !== undefined && size !== null && size !== known) {
      fail(received, `${size} elements along "${letter}", as outputShape says`);
    }
    sizes.set(letter, size ?? known ?? 1);
  });
  const lone = [...kernel].find((letter) => !sizes.has(letter));
  if (lone)
    fail(`einsumDense does not know the size of the kernel's axis "${lone}"`, "letters of the input or the output");
  return { input: from, kernel, output: to, sizes, shape: [...to].slice(1).map((letter) => sizes.get(letter) ?? 1) };
}
