import { concatenate, full, scan, stack, type Tensor, where } from "../../tensor/index.ts";
import { fail, formatShape } from "../../util/index.ts";
import { checkFlag } from "../checks.ts";
import { defineLoss, type Loss, type LossOptions } from "./loss.ts";

export interface CtcOptions extends LossOptions {
  /** Samples whose labels do not fit into their steps count 0 instead of infinity; default false (PyTorch's zero_infinity). */
  zeroInfinity?: boolean;
}

/** Stands for log 0: far below any sum of logarithms of probabilities, and finite. */
const NEVER = -1e30;

/**
 * -log p(labels | logits), connectionist temporal classification: p is the sum over all ways to say the labels in as many steps as there
 * are, every label for one or more steps, with or, between equal labels, necessarily, blanks between them (Graves et al., 2006; Keras,
 * PyTorch's CTCLoss of float64). yPred are logits [batch, steps, classes], class 0 the blank; yTrue are class numbers from 1, [batch,
 * length], 0 after the last; padded steps, where yPred has a mask, say nothing (PyTorch's input_lengths). The forward recursion in the logarithm, a loop over the steps; its gradient is the backward one.
 *
 * @example
 * const loss = losses.ctc({ zeroInfinity: true });
 */
export function ctc(options: CtcOptions = {}): Loss {
  const { zeroInfinity = false } = options;
  checkFlag("ctc", "zeroInfinity", zeroInfinity);
  return defineLoss("ctc", options, ["zeroInfinity"], "sequences", (yTrue, yPred, mask) => {
    const [batch = 1, steps = 1, classes = 1] = yPred.shape;
    if (yPred.rank !== 3 || yTrue.rank !== 2 || yTrue.shape[0] !== batch) {
      fail(
        `ctc received labels ${formatShape(yTrue.shape)} for logits ${formatShape(yPred.shape)}`,
        "[batch, length] and [batch, steps, classes]",
      );
    }
    const length = yTrue.shape[1] as number;
    const states = 2 * length + 1; // blank, label, blank, ..., blank
    const labels = yTrue.cast("int32");
    const said = stack([full([batch, length], 0, "int32"), labels], { axis: 2 }).reshape([batch, 2 * length]);
    const spoken = concatenate([said, full([batch, 1], 0, "int32")], { axis: 1 }); // [batch, states]
    const chosen = spoken.oneHot(classes).matmul(yPred.logSoftmax({ axis: -1 }).transpose([0, 2, 1]));
    const heard = chosen.transpose([2, 0, 1]); // [steps, batch, states]
    // A padded step is a blank for certain: that changes no sum over ways.
    const blank = where(spoken.equal(0), 0, NEVER);
    const emitted = mask ? where(mask.transpose().expandDims(2), heard, blank) : heard;

    // From two states before: to a label that is another than the last.
    const skips = concatenate(
      [
        full([batch, 2], 0, "int32"),
        spoken
          .slice(null, [2, states])
          .notEqual(spoken.slice(null, [0, states - 2]))
          .cast("int32"),
      ],
      { axis: 1 },
    ).mul(spoken.notEqual(0).cast("int32"));
    const before = (x: Tensor, by: number) => {
      const never = full([batch, by], NEVER);
      return concatenate([never, x.slice(null, [0, states - by])], { axis: 1 });
    };
    const step = (alpha: Tensor, emission: Tensor) => {
      const ways = [alpha, before(alpha, 1), skips.greater(0).where(before(alpha, 2), NEVER)];
      return [stack(ways).logSumExp({ axis: 0 }).add(emission), []] as const;
    };
    const first = full([batch, Math.min(2, states)], 0);
    const start = states > 2 ? concatenate([first, full([batch, states - 2], NEVER)], { axis: 1 }) : first;
    const begun = start.add(emitted.slice(0));
    const [end] = steps > 1 ? scan(step, { init: begun, xs: emitted.slice([1, steps]) }) : [begun];

    // Over after the last label or the blank behind it.
    const last = labels.notEqual(0).cast("int32").sum({ axis: 1, keepdims: true }).mul(2);
    const places = spoken.mul(0).add(Array.from({ length: states }, (_, i) => i));
    const over = places.equal(last).logicalOr(places.equal(last.sub(1)));
    const total = over.where(end, NEVER).logSumExp({ axis: 1 });
    const losses = where(total.less(NEVER / 2), zeroInfinity ? 0 : Infinity, total.neg());
    return mask ? { losses, counted: mask.any({ axis: 1 }), masked: true } : losses;
  });
}
