import type { Network } from "../nn/index.ts";
import { checkOptions } from "../util/index.ts";
import { listed, type Preprocessing } from "./export-onnx.ts";
import { scriptOf } from "./script/script.ts";

/** Options of {@link exportJavaScript}. */
export interface JavaScriptOptions {
  /** What is done to data before the model sees them; becomes part of the script. Default nothing. */
  preprocessing?: Preprocessing | undefined;
  /** TypeScript instead of JavaScript; default false. */
  types?: boolean | undefined;
}

/**
 * A small model as a module of JavaScript (ES2020, for Node, browsers and others) that needs nothing else: plain loops over arrays, the weights
 * as base64. It exports `predict`, from the numbers of one sample for each input, row-major, to those of the output (of several outputs:
 * a record by name), and the shapes of `inputs` and `outputs`. Texts are given as texts.
 *
 * @returns the module's text; {@link exportModel} writes it to a `.js`, `.mjs` or `.ts` file.
 * @throws DescentError for a model of more than 10 million weights, and naming the layer that draws random numbers outside of training or
 * mixes the samples of a batch.
 * @example
 * const classifier = sequential([layers.dense(3, { activation: "softmax", inputShape: [4] })]);
 * const script = await exportJavaScript(classifier);
 * const { predict } = await import(`data:text/javascript,${encodeURIComponent(script)}`);
 * predict([5.1, 3.5, 1.4, 0.2]); // Float32Array(3)
 */
export async function exportJavaScript(network: Network, options: JavaScriptOptions = {}): Promise<string> {
  checkOptions("exportJavaScript", options, ["preprocessing", "types"]);
  const { preprocessing, types = false } = options;
  return scriptOf(network, { preprocess: preprocessing && listed(preprocessing), typed: types });
}
