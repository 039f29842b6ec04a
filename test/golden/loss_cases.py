"""What the scripts in losses/ share: cases of losses in PyTorch float64.

A call gives the losses of all places, [batch, ...], or (losses, counted) with 1 for those that count and 0 for the others. `perSample` is
the mean over a sample's own places that count; `mean` and `weighted` are the batch's loss by Keras's reduce_weighted_values:
"sumOverBatchSize", "meanWithSampleWeight" or "sum".
"""

import torch

from golden import array, exact


def reduced(losses, counted, weight, reduction, rank):
    if counted is None:
        losses = losses.mean(-1) if losses.ndim == rank > 1 else losses  # as Keras's functions do
        counted = torch.ones_like(losses)
    while losses.ndim > counted.ndim:
        losses = losses.mean(-1)
    w = (torch.ones(len(losses), dtype=torch.float64) if weight is None else weight).reshape(-1, *[1] * (losses.ndim - 1))
    total = (losses * counted * w).sum()
    if reduction == "sum":
        return total
    return total / ((counted * w).sum() if reduction == "meanWithSampleWeight" else counted.sum())


def per_sample(losses, counted):
    if counted is None:
        return losses.flatten(1).mean(1) if losses.ndim > 1 else losses
    while losses.ndim > counted.ndim:
        losses = losses.mean(-1)
    losses, counted = losses.reshape(len(losses), -1), counted.reshape(len(losses), -1)
    return (losses * counted).sum(1) / counted.sum(1).clamp(min=1)


class LossCases(list):
    def __init__(self, draw):
        super().__init__()
        self.draw = draw

    def case(self, loss, title, options, y_true, y_pred, call, activation=None):
        x = torch.tensor(y_pred, dtype=torch.float64, requires_grad=True)
        y = torch.tensor(y_true, dtype=torch.float64)
        found = call(y, x)
        losses, counted = found if isinstance(found, tuple) else (found, None)
        weight = torch.tensor(self.draw.positive(len(losses)))
        weight[0] = 0
        reduction = options.get("reduction", "sumOverBatchSize")
        mean, weighted = reduced(losses, counted, None, reduction, x.ndim), reduced(losses, counted, weight, reduction, x.ndim)
        self.append(
            {
                "name": f"{loss}: {title}",
                "loss": loss,
                "options": options,
                **({"activation": activation} if activation else {}),
                "yTrue": exact(y),
                "yPred": exact(x),
                "perSample": array(per_sample(losses, counted)),
                "mean": array(mean),
                "gradient": array(torch.autograd.grad(mean, x, retain_graph=True)[0]),
                "sampleWeight": exact(weight),
                "weighted": array(weighted),
                "weightedGradient": array(torch.autograd.grad(weighted, x)[0]),
            }
        )
