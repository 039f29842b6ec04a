"""Layers of variational models: layers/variational.json. Run as python3 -m layers.variational in test/golden.

Inference only: training draws noise (see test/nn/layers.test.ts). The divergence that is added to the loss is that of torch.distributions.
"""

import torch
from torch.distributions import Normal, kl_divergence

from layer_cases import LayerCases

layers = LayerCases(51)
draw = layers.draw


def sampling(weight):
    """The mean, and weight times the divergence from the standard normal distribution: summed over a sample, the mean of the batch."""

    def call(inputs, _):
        mean, log_variance = inputs
        divergence = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(torch.zeros_like(mean), torch.ones_like(mean)))
        return mean + 0 * log_variance, weight * divergence.flatten(1).sum(1).mean()

    return call


layers.case("sampling", "the mean", {}, [draw.normal(2, 3), draw.normal(2, 3)], sampling(1))
layers.case("sampling", "two axes, another weight", {"klWeight": 0.25}, [draw.normal(2, 3, 2), draw.normal(2, 3, 2)], sampling(0.25))
layers.write("variational", {"by": f"layers/variational.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent) and what is added to the loss"})
