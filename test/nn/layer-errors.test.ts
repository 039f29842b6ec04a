import { describe, expect, test } from "vitest";
import { chain, createLayer, type Layer, layers, Network, type SymbolicTensor } from "../../src/nn/index.ts";
import { tensor, zeros } from "../../src/tensor/index.ts";
import { DescentError } from "../../src/util/index.ts";

/** The message of the DescentError that `act` throws. */
function message(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(DescentError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

const flat = () => layers.input({ shape: [784] });
const image = () => layers.input({ shape: [28, 28, 1] });

describe("layers that don't fit name their path, the shapes and the fix", () => {
  const cases: [string, () => unknown, string][] = [
    [
      "an image layer after rows",
      () => layers.conv2d(8, 3)(flat()),
      "conv2d_1 (after input_1) received samples of shape [784]. Expected images [height, width, channels]. " +
        "Fix: put reshape([28, 28, 1]) before it.",
    ],
    [
      "an image layer after gray images without channels",
      () => layers.maxPooling2d()(layers.input({ shape: [28, 28] })),
      "maxPooling2d_1 (after input_1) received samples of shape [28, 28]. Expected images [height, width, channels]. " +
        "Fix: put reshape([28, 28, 1]) before it.",
    ],
    [
      "color images as rows",
      () => layers.globalAveragePooling2d()(layers.input({ shape: [3072] })),
      "globalAveragePooling2d_1 (after input_1) received samples of shape [3072]. " +
        "Expected images [height, width, channels]. Fix: put reshape([32, 32, 3]) before it.",
    ],
    [
      "a sequence layer after images, deep in a chain",
      () => layers.conv1d(4, 3)(layers.conv2d(4, 3)(layers.conv2d(8, 3)(image()))),
      "conv1d_1 (after conv2d_2) received samples of shape [24, 24, 4]. Expected sequences [steps, channels]. " +
        "Fix: put reshape([steps, channels]) before it.",
    ],
    [
      "a window larger than its input",
      () => layers.conv2d(4, 5)(layers.input({ shape: [8, 4, 1] })),
      "conv2d_1 (after input_1) received samples of shape [8, 4, 1], smaller than its window: axis 1 has 4, the window 5. " +
        'Expected at least 5 along axis 1. Fix: use padding: "same", a smaller window, or fewer pooling layers before it.',
    ],
    [
      "channels that groups don't divide",
      () => layers.conv2d(4, 3, { groups: 2, name: "grouped" })(layers.input({ shape: [8, 8, 3], name: "photo" })),
      "grouped (after photo) received samples of shape [8, 8, 3]. Expected channels (the last axis) divisible by 2 groups.",
    ],
    [
      "a volume layer after images",
      () => layers.conv3d(4, 3)(image()),
      "conv3d_1 (after input_1) received samples of shape [28, 28, 1]. Expected volumes [depth, height, width, channels]. " +
        "Fix: put reshape([28, 28, 1, 1]) before it.",
    ],
    [
      "channels that a transposed convolution's groups don't divide",
      () => layers.conv2dTranspose(4, 2, { groups: 2 })(image()),
      "conv2dTranspose_1 (after input_1) received samples of shape [28, 28, 1]. " +
        "Expected channels (the last axis) divisible by 2 groups.",
    ],
    [
      "a transposed convolution that leaves nothing",
      () =>
        layers.conv1dTranspose(1, 2, { strides: 2, padding: "same", outputPadding: 0 })(
          layers.input({ shape: [1, 1] }),
        ),
      "conv1dTranspose_1 (after input_1) received samples of shape [1, 1]. Expected an output of at least one element. " +
        "Fix: use a larger outputPadding.",
    ],
    [
      "a crop of everything",
      () => layers.cropping2d(14)(image()),
      "cropping2d_1 (after input_1) received samples of shape [28, 28, 1], of which nothing is left. " +
        "Expected margins smaller than the sample.",
    ],
    [
      "another number of axes to permute",
      () => layers.permute([2, 1])(image()),
      "permute_1 (after input_1) received samples of shape [28, 28, 1]. Expected 2 axes, as dims [2, 1] has.",
    ],
    [
      "images to repeat",
      () => layers.repeatVector(2)(image()),
      "repeatVector_1 (after input_1) received samples of shape [28, 28, 1]. Expected vectors [features]. " +
        "Fix: put flatten() before it.",
    ],
    [
      "an equation of other axes",
      () => layers.einsumDense("bti,io->bto", [null, 3])(flat()),
      'einsumDense_1 (after input_1) received samples of shape [784]. Expected 2 axes after the batch, as "bti" has.',
    ],
    [
      "an equation's size that is another",
      () => layers.einsumDense("bti,io->bto", [8, 3])(layers.input({ shape: [7, 4] })),
      'einsumDense_1 (after input_1) received samples of shape [7, 4]. Expected 8 elements along "t", as outputShape says.',
    ],
    [
      "a size that an equation lacks",
      () => layers.einsumDense("bti,io->bto", [7, null])(layers.input({ shape: [7, 4] })),
      'einsumDense_1 (after input_1) einsumDense got no size for "o". Expected a number in outputShape.',
    ],
    [
      "three inputs to subtract",
      () => layers.subtract()([flat(), flat(), flat()]),
      "subtract_1 (after input_1, input_2, input_3) received 3 inputs. Expected two. " +
        "Fix: apply it to a list: subtract()([a, b]).",
    ],
    [
      "vectors whose dot product is none",
      () => layers.dot(1)([flat(), layers.input({ shape: [3] })]),
      "dot_1 (after input_1, input_2) received samples of shapes [784] and [3]. " +
        "Expected equal sizes along the axes 1 and 1 (axis 0 is the batch).",
    ],
    [
      "an odd number of values and gates",
      () => layers.glu()(image()),
      "glu_1 (after input_1) received samples of shape [28, 28, 1]. Expected an even number of elements along axis -1.",
    ],
    [
      "pieces that units don't divide",
      () => layers.maxout(3)(flat()),
      "maxout_1 (after input_1) received samples of shape [784]. Expected features (the last axis) divisible by 3 units.",
    ],
    [
      "channels that groups to normalize don't divide",
      () => layers.groupNormalization()(image()),
      "groupNormalization_1 (after input_1) received samples of shape [28, 28, 1]. " +
        "Expected channels (axis -1) divisible by 32 groups.",
    ],
    [
      "a spectral norm of nothing",
      () => layers.spectralNormalization(layers.flatten())(flat()),
      "spectralNormalization_1 (after input_1) got a flatten layer, which has no kernel. " +
        "Expected a dense, convolution or embedding layer.",
    ],
    [
      "an axis of unit length that is not there",
      () => layers.unitNormalization({ axis: 2 })(flat()),
      "unitNormalization_1 (after input_1) received samples of shape [784]. Expected axis 2 (axis 0 is the batch).",
    ],
    [
      "shared axes that are not there",
      () => layers.prelu({ sharedAxes: [1, 2] })(flat()),
      "prelu_1 (after input_1) received samples of shape [784]. Expected axis 2 (axis 0 is the batch).",
    ],
    [
      "a reshape to another size",
      () => layers.reshape([10, 10])(flat()),
      "reshape_1 (after input_1) received samples of shape [784], which can't become [10, 10]. " +
        "Expected 784 elements before and after; [10, 10] has 100. Fix: let one size be -1.",
    ],
    [
      "shapes that don't add",
      () => layers.add()([layers.dense(3)(flat()), layers.dense(4)(flat())]),
      "add_1 (after dense_1, dense_2) received samples of shapes [3] and [4]. Expected one shape. " +
        "Fix: bring them to one shape with dense() or conv2d().",
    ],
    [
      "shapes that don't concatenate",
      () => layers.concatenate()([image(), layers.input({ shape: [14, 28, 1] })]),
      "concatenate_1 (after input_1, input_2) received samples of shapes [28, 28, 1] and [14, 28, 1]. " +
        "Expected shapes that differ only along axis -1 (axis 0 is the batch).",
    ],
    [
      "sequences longer than the positions that are learned",
      () => layers.positionEmbedding(16)(layers.input({ shape: [20, 4] })),
      "positionEmbedding_1 (after input_1) received sequences of 20 places. Expected at most 16, for so many positions are learned. " +
        "Fix: give positionEmbedding a greater sequenceLength, or cut the sequences.",
    ],
    [
      "more experts chosen than there are",
      () => layers.mixtureOfExperts(2, 4, { topK: 3 }),
      "mixtureOfExperts got topK = 3 of 2 experts. Expected as many at most.",
    ],
    [
      "a block whose experts are a number",
      () => layers.transformerEncoder(8, 2, { experts: 4 as never }),
      "transformerEncoder got experts = 4. Expected their number and options, such as { numExperts: 8, topK: 2 }.",
    ],
    [
      "experts with an option that there is not",
      () => layers.transformerEncoder(8, 2, { experts: { numExpert: 4 } as never }),
      'unknown option of transformerEncoder\'s experts: "numExpert". Expected one of numExperts, topK, normalize, capacityFactor, ' +
        'balanceLoss, zLoss, jitter, kernelInitializer. Fix: did you mean "numExperts"?',
    ],
    [
      "experts that say what their block does",
      () => layers.transformerDecoder(8, 2, { experts: { numExperts: 2, useBias: false } as never }),
      "transformerDecoder got experts with useBias. Expected useBias of the block itself.",
    ],
    [
      "two inputs of experts",
      () => layers.mixtureOfExperts(2, 4)([layers.input({ shape: [3] }), layers.input({ shape: [3] })]),
      "mixtureOfExperts_1 (after input_1, input_2) received samples of shape [3] and [3]. Expected one input [..., features].",
    ],
    [
      "attention to images",
      () => layers.multiHeadAttention(2, 4)(image()),
      "multiHeadAttention_1 (after input_1) received samples of shape [28, 28, 1]. Expected sequences [places, features]. " +
        "Fix: put reshape([places, features]) before it.",
    ],
    [
      "a mask of another length",
      () => {
        const [x, mask] = [layers.input({ shape: [5, 4] }), layers.input({ shape: [6] })];
        return layers.multiHeadAttention(2, 4, { mask: true })([x, mask]);
      },
      "multiHeadAttention_1 (after input_1, input_2) received a mask of shape [6]. Expected [5] or [5, 5] for each sample.",
    ],
    [
      "an axis of features that is not there",
      () => layers.layerNormalization({ axis: 3 })(layers.input({ shape: [5, 4] })),
      "layerNormalization_1 (after input_1) received samples of shape [5, 4]. " +
        "Expected axis 3 of layerNormalization among their axes 1 to 2 (axis 0 is the batch).",
    ],
    [
      "one input for a merge",
      () => layers.add()(flat()),
      "add_1 (after input_1) received 1 input. Expected two or more. Fix: apply it to a list: add()([a, b]).",
    ],
    [
      "two inputs for a layer of one",
      () => layers.dense(1)([flat(), flat()]),
      "dense_1 (after input_1, input_2) received 2 inputs. Expected one. " +
        "Fix: combine them with layers.add() or layers.concatenate() before it.",
    ],
    [
      "an axis that is not there",
      () => layers.batchNormalization({ axis: 3 })(flat()),
      "batchNormalization_1 (after input_1) received samples of shape [784]. Expected axis 3 (axis 0 is the batch).",
    ],
    [
      "another inputShape than what comes in",
      () => layers.dense(1, { inputShape: [4] })(flat()),
      "dense_1 (after input_1) received samples of shape [784]. Expected its inputShape [4]. " +
        "Fix: leave inputShape out: only the first layer of a sequential model needs it.",
    ],
  ];
  test.each(cases)("%s", (_, act, expected) => {
    expect(message(act)).toBe(expected);
  });

  test("a shared layer needs one shape", () => {
    const [a, b] = [layers.input({ shape: [2] }), layers.input({ shape: [3] })];
    const shared = layers.dense(4);
    expect(message(() => new Network({ inputs: [a, b], outputs: [shared(a), shared(b)] }))).toBe(
      "dense_1/kernel has shape [2, 4] at the layer's first use and [3, 4] at another. " +
        "Expected inputs of one shape for a layer that shares its weights.",
    );
  });
});

describe("options are checked when a layer is made", () => {
  const cases: [() => unknown, string][] = [
    [() => layers.dense(10, { activaton: "relu" } as never), 'Fix: did you mean "activation"?'],
    [() => layers.dense(10, { activation: "rellu" as never }), 'unknown activation "rellu"'],
    [() => layers.dense(10, { activation: "rellu" as never }), 'did you mean "relu"?'],
    [
      () => layers.dense(10, { activation: { kind: "gelu", aproximate: true } as never }),
      'did you mean "approximate"?',
    ],
    [() => layers.dense(10, { activation: 3 as never }), "3 is no activation"],
    [() => layers.dense(0), "dense got units = 0. Expected a positive integer."],
    [() => layers.dense("ten" as never), 'dense got units = "ten". Expected a positive integer.'],
    [() => layers.dense(Number.NaN), "dense got units = NaN. Expected a positive integer."],
    [() => layers.dense(2, { kernelInitializer: "hNormal" as never }), 'did you mean "heNormal"?'],
    [() => layers.conv2d(2, 3, { biasInitializer: { kind: "constant", val: 3 } as never }), 'did you mean "value"?'],
    [() => layers.conv2d(8, [3] as never), "conv2d got kernelSize = [3]. Expected a number or 2 of them."],
    [() => layers.conv2d(8, 3, { strides: 0 }), "conv2d got strides = 0. Expected a positive integer."],
    [() => layers.conv2d(8, 3, { padding: "causal" as never }), 'Expected "valid" or "same".'],
    [
      () => layers.conv2d(7, 3, { groups: 2 }),
      "conv2d got 7 filters in 2 groups. Expected filters divisible by groups.",
    ],
    [
      () => layers.conv2dTranspose(8, 3, { strides: 2, outputPadding: [1, 2] }),
      "conv2dTranspose got outputPadding = 2 along an axis of stride 2. Expected a whole number less than the stride.",
    ],
    [
      () => layers.conv2dTranspose(8, 3, { outputPadding: [1] as never }),
      "got outputPadding = [1]. Expected a number or 2 of them.",
    ],
    [() => layers.conv1dTranspose(8, 3, { padding: "causal" as never }), 'Expected "valid" or "same".'],
    [() => layers.conv2dTranspose(7, 3, { groups: 2 }), "conv2dTranspose got 7 filters in 2 groups."],
    [() => layers.depthwiseConv2d(3, { depthMultiplier: 0 }), "depthwiseConv2d got depthMultiplier = 0."],
    [() => layers.depthwiseConv2d(3, { kernelInitializer: "zeros" } as never), "Expected one of strides, padding"],
    [() => layers.separableConv2d(0, 3), "separableConv2d got filters = 0. Expected a positive integer."],
    [() => layers.upSampling2d({ interpolation: "linear" as never }), 'Expected "nearest" or "bilinear".'],
    [() => layers.upSampling2d({ size: [2, 0] }), "upSampling2d got size = 0. Expected a positive integer."],
    [
      () => layers.adaptiveAveragePooling2d(0),
      "adaptiveAveragePooling2d got outputSize = 0. Expected a positive integer.",
    ],
    [
      () => layers.zeroPadding1d(-1),
      "zeroPadding1d got padding = -1. Expected a whole number from 0 or [before, after].",
    ],
    [
      () => layers.zeroPadding2d([1, 2, 3] as never),
      "zeroPadding2d got padding = [1,2,3]. Expected a whole number from 0 or [before, after], for all or for each of 2 axes.",
    ],
    [() => layers.cropping3d([1, 2, 0.5]), "cropping3d got cropping = [1,2,0.5]."],
    [() => layers.permute([0, 1]), "permute got dims = [0,1]. Expected each axis from 1 on once"],
    [() => layers.permute([1, 1]), "permute got dims = [1,1]."],
    [() => layers.pixelShuffle(0), "pixelShuffle got upscaleFactor = 0. Expected a positive integer."],
    [() => layers.repeatVector(1.5), "repeatVector got n = 1.5. Expected a positive integer."],
    [() => layers.einsumDense("ab,bc->cb", 3), 'einsumDense got the equation "ab,bc->cb".'],
    [() => layers.einsumDense("ab,bc->ad", 3), "the batch first"],
    [() => layers.einsumDense("ab->ab", 3), "the batch first"],
    [() => layers.einsumDense("ab,bc->ac", 0), "einsumDense got outputShape = 0. Expected positive integers, or null"],
    [
      () => layers.einsumDense("ab,bc->ac", 3, { biasAxes: "b" }),
      'biasAxes = "b". Expected letters of the output "ac"',
    ],
    [
      () => layers.dot(0),
      "dot got axes = 0. Expected an axis other than 0, which is the batch, or one for each input.",
    ],
    [() => layers.prelu({ sharedAxes: [0] }), "prelu got sharedAxes = [0]. Expected axes from 1 on"],
    [
      () => layers.rrelu({ lower: 0.5, upper: 0.25 }),
      "rrelu got slopes from 0.5 to 0.25. Expected lower not above upper.",
    ],
    [() => layers.glu({ axis: 0 }), "glu got axis = 0. Expected an axis other than 0, which is the batch."],
    [() => layers.groupNormalization({ groups: -1 }), "Fix: use instanceNormalization()."],
    [() => layers.groupNormalization({ groups: 0 }), "groupNormalization got groups = 0. Expected a positive integer."],
    [() => layers.instanceNormalization({ groups: 2 } as never), "unknown option of instanceNormalization"],
    [() => layers.unitNormalization({ axis: [] }), "unitNormalization got axis = []."],
    [
      () => layers.spectralNormalization("dense" as never),
      'spectralNormalization got "dense". Expected a layer to apply.',
    ],
    [() => layers.spectralNormalization({ kind: "dens", units: 1 } as never), 'did you mean "dense"?'],
    [
      () => layers.spectralNormalization(layers.dense(2), { powerIterations: 0 }),
      "spectralNormalization got powerIterations = 0. Expected a positive integer.",
    ],
    [() => layers.spatialDropout2d(1), "spatialDropout2d got rate = 1, which leaves nothing."],
    [() => layers.sampling({ klWeight: -1 }), "sampling got klWeight = -1. Expected a finite number from 0."],
    [
      () => layers.sampling()([layers.input({ shape: [2] }), layers.input({ shape: [3] })]),
      "received samples of shapes [2] and [3]. Expected [mean, logVariance] of one shape.",
    ],
    [() => layers.gaussianNoise(-1), "gaussianNoise got stddev = -1. Expected a finite number from 0."],
    [
      () => layers.activation({ kind: "relu", maxValue: -1 }),
      "relu got maxValue = -1. Expected a finite number from 0.",
    ],
    [() => layers.activation({ kind: "celu", alpha: 0 }), "celu got alpha = 0. Expected a number other than 0."],
    [
      () => layers.activation({ kind: "hardTanh", minValue: 2 }),
      "hardTanh got limits from 2 to 1. Expected minValue below maxValue.",
    ],
    [() => layers.activation({ kind: "hardShrink", lambda: -1 }), "hardShrink got lambda = -1."],
    [() => layers.activation({ kind: "softplus", beta: 0 }), "softplus got beta = 0. Expected a number above 0."],
    [() => layers.activation({ kind: "squareplus", b: 0 }), "squareplus got b = 0. Expected a number above 0."],
    [() => layers.activation({ kind: "sparsemax", axes: 1 } as never), 'Fix: did you mean "axis"?'],
    [() => layers.dropout(1.5), "dropout got rate = 1.5. Expected a finite number from 0 to 1."],
    [() => layers.dropout(1), "which leaves nothing"],
    [() => layers.batchNormalization({ axis: 0 }), "Expected an axis other than 0, which is the batch."],
    [() => layers.reshape([4, 0]), "reshape got the shape [4,0]"],
    [() => layers.reshape([-1, -1]), "one of which may be -1"],
    [() => layers.dense(2, { name: "a/b" }), "without spaces, slashes and colons"],
    [() => layers.dense(2, { inputShape: [2.5] }), "dense got the sample shape [2.5]"],
    [() => layers.input({ shape: 3 as never }), "input got the sample shape 3"],
    [() => layers.input({ shape: [3], dtype: "float64" as never }), 'input got dtype = "float64"'],
    [() => createLayer("dens", { units: 3 }), 'unknown layer "dens"'],
    [() => createLayer("dens", { units: 3 }), 'did you mean "dense"?'],
    [() => createLayer("dense", {}), "dense got units = undefined. Expected a positive integer."],
    [() => layers.dense(2)(tensor([[1]]) as never), "was applied to something else than a symbolic tensor"],
  ];
  test.each(cases)("%s: %s", (act, expected) => {
    expect(message(act)).toContain(expected);
  });
});

describe("a sequential model needs", () => {
  test("layers", () => {
    expect(message(() => chain([]))).toContain("got no layers");
    expect(message(() => chain([layers.dense(1, { inputShape: [1] }), {} as Layer]))).toContain("part 2");
    const plain = ((x: SymbolicTensor) => x) as Layer;
    expect(message(() => chain([layers.dense(1, { inputShape: [1] }), plain]))).toContain("layers.lambda");
  });
  test("the shape of its input", () => {
    expect(message(() => chain([layers.dense(1)]))).toBe(
      "the first layer of a sequential model, dense, does not know the shape of its input. " +
        "Expected inputShape: the shape of one sample, without the batch. Fix: layers.dense(..., { inputShape: [features] }).",
    );
  });
});

describe("a network refuses", () => {
  const build = (inputs: SymbolicTensor[], outputs: SymbolicTensor[]) =>
    message(() => new Network({ inputs, outputs }));
  test("inputs that are missing, unused or computed", () => {
    const [a, b] = [flat(), layers.input({ shape: [784], name: "other" })];
    const sum = layers.add()([a, b]);
    expect(build([a], [sum])).toBe("the outputs depend on other, which is not among the network's inputs.");
    expect(build([a, b], [layers.dense(1)(a)])).toContain("input 1 of the network reaches none of its outputs");
    expect(build([sum], [layers.dense(1)(sum)])).toContain("input 0 of the network is computed by a layer");
    expect(build([], [])).toContain("at least one input and one output");
  });
  test("two layers of one name", () => {
    const x = layers.dense(2, { name: "same" })(flat());
    const inputs = (symbol: SymbolicTensor): SymbolicTensor =>
      symbol.origin.inputs[0] ? inputs(symbol.origin.inputs[0]) : symbol;
    expect(build([inputs(x)], [layers.dense(2, { name: "same" })(x)])).toContain('are named "same"');
  });
  test("data of another shape", () => {
    const network = new Network(chain([layers.conv2d(1, 3, { inputShape: [4, 4, 1] })]));
    const feed = (shape: number[]) =>
      message(() => network.forward([zeros(shape)], zeros([10]), undefined, { training: false }));
    expect(feed([5, 16])).toBe(
      "input_1 received data of shape [5, 16]. Expected a batch of samples of shape [4, 4, 1]. Fix: x.reshape([-1, 4, 4, 1]).",
    );
    expect(feed([4, 4, 1])).toContain("Fix: for one sample, add the batch: x.expandDims(0).");
    expect(feed([5, 3])).toBe("input_1 received data of shape [5, 3]. Expected a batch of samples of shape [4, 4, 1].");
    expect(message(() => network.forward([], zeros([10]), undefined, { training: false }))).toContain("got 0 inputs");
  });
  test("an activation that changes the shape", () => {
    const network = new Network(chain([layers.dense(3, { activation: (x) => x.sum({ axis: 1 }), inputShape: [2] })]));
    expect(message(() => network.forward([zeros([5, 2])], zeros([9]), undefined, { training: false }))).toBe(
      "dense_1 activation gave [5]. Expected a tensor of shape [5, 3].",
    );
  });
});
