"""Layers of variational models: layers/variational.json. Run as python3 -m layers.variational in test/golden.

Inference only: training draws noise (see test/nn/layers.test.ts), and the divergence that is added to the loss has its numbers in
architectures.json, by torch.distributions.kl_divergence.
"""

import torch

from layer_cases import LayerCases

layers = LayerCases(51)
draw = layers.draw
mean = lambda i, _: i[0] + 0 * i[1]  # noqa: E731
layers.case("sampling", "the mean", {}, [draw.normal(2, 3), draw.normal(2, 3)], mean)
layers.case("sampling", "two axes, another weight", {"klWeight": 0.25}, [draw.normal(2, 3, 2), draw.normal(2, 3, 2)], mean)
layers.write("variational", {"by": f"layers/variational.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)"})
