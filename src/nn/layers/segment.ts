import { fail, formatShape, product, type Shape } from "../../util/index.ts";
import { checkCount, checkFlag } from "../checks.ts";
import { checkedShape, checkLayerOptions, defineLayer, type Layer, type LayerOptions } from "../layer.ts";

export interface SegmentOptions extends LayerOptions {
  /** true: a mask of the input is that of this part, a sequence; default false. */
  masked?: boolean;
}

/**
 * Numbers `start` and on of each sample, as a tensor of some shape: [batch, ...] -> [batch, ...shape]. It takes apart what was put in a row,
 * such as an output and states of a recurrent layer (`statesOf`).
 *
 * @param start the first number, counted from 0 in the order of memory, @param shape that of the part.
 *
 * @example
 * layers.segment(4, [2, 3])(layers.input({ shape: [16] })).shape; // [2, 3]
 */
export function segment(start: number, shape: Shape, options: SegmentOptions = {}): Layer {
  checkLayerOptions("segment", options, ["masked"]);
  if (start !== 0) checkCount("segment", "start", start);
  const part = checkedShape("segment", shape);
  const { masked = false } = options;
  checkFlag("segment", "masked", masked);
  const end = start + product(part);
  return defineLayer({
    kind: "segment",
    options: { start, shape: part, ...options },
    mask: (_, mask) => (masked ? mask : undefined),
    outputShape(input) {
      if (end <= product(input)) return part;
      fail(
        `received samples of shape ${formatShape(input)}`,
        `at least ${end} numbers: ${start} to ${end - 1} are taken`,
      );
    },
    call(x) {
      const [batch = 0, ...sample] = x.shape;
      return x
        .reshape([batch, product(sample)])
        .slice(null, [start, end])
        .reshape([batch, ...part]);
    },
  });
}
segment.positional = ["start", "shape"];
