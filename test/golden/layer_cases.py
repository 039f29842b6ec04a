"""Golden cases of layers: options, inputs, weights, and what PyTorch makes of them. See the README."""

import numpy as np
import torch

from golden import Draw, array, exact, write


def rounding(gradient):
    """True of a gradient that is 0 but for rounding, such as that of the keys' bias in attention: no number to compare."""
    return 0 < gradient.abs().max() < 1e-14


# What activations are tried with: the whole range, and rows for those along an axis.
WIDE = np.array([-100, -50, -20, -10, -6, -4, -2.5, -1, -0.5, -0.125, -1 / 4096, 1 / 4096, 0.125, 0.5, 1, 2.5, 4, 5, 10, 20, 50, 100], dtype=np.float64)
ROWS = np.array([[0.5, -1, 2, 0], [100, -100, 0, 99.5], [-100, -100, -100, -100], [1000, 1000, -1000, 1000]], dtype=np.float64)


class LayerCases:
    """What a script collects for one file of `layers/`."""

    def __init__(self, seed):
        self.draw = Draw(seed)
        self.cases = []
        self.activations = []

    def case(self, layer, title, options, inputs, call, weights=None, training=False, state=None, updates=None, mask=None):
        """`call(inputs, weights)` in PyTorch, the output or (output, what the layer adds to the loss); `state` are weights without gradient, `updates(inputs)` their values after the step.
        Integer inputs (tokens) have no gradient. `mask` [batch, places] says which places of the first input count."""
        inputs = [torch.tensor(x) if np.asarray(x).dtype.kind == "i" else torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
        floats = [x for x in inputs if x.requires_grad]
        weights = {k: torch.tensor(w, dtype=torch.float64, requires_grad=True) for k, w in (weights or {}).items()}
        state = {k: torch.tensor(w, dtype=torch.float64) for k, w in (state or {}).items()}
        output = call(inputs, {**weights, **state})
        output, loss = output if isinstance(output, tuple) else (output, None)
        cotangent = torch.tensor(self.draw.normal(*output.shape, step=16))
        gradients = torch.autograd.grad((output * cotangent).sum() + (0 if loss is None else loss), floats + list(weights.values()))
        entry = {
            "name": f"{layer}: {title}",
            "layer": layer,
            "options": options,
            "training": training,
            "inputs": [exact(x) if x.requires_grad else {**exact(x), "dtype": "int32"} for x in inputs],
            "weights": {k: exact(w) for k, w in {**weights, **state}.items()},
            "cotangent": exact(cotangent),
            "output": array(output),
            "inputGradients": [array(g) for g in gradients[: len(floats)]],
            "weightGradients": {k: array(g) for k, g in zip(weights, gradients[len(floats) :]) if not rounding(g)},
        }
        if loss is not None:
            entry["loss"] = array(loss)
        if mask is not None:
            entry["mask"] = {**exact(torch.as_tensor(mask, dtype=torch.float64)), "dtype": "bool"}
        if updates:
            entry["updates"] = {k: array(v) for k, v in updates(inputs).items()}
        self.cases.append(entry)

    def activation(self, name, options, function, values=WIDE):
        x = torch.tensor(values, requires_grad=True)
        y = function(x)
        cotangent = torch.tensor(self.draw.normal(*y.shape, step=16))
        (gradient,) = torch.autograd.grad((y * cotangent).sum(), x, create_graph=True)
        second = torch.autograd.grad((gradient * cotangent).sum(), x, allow_unused=True)[0] if gradient.requires_grad else None
        self.activations.append(
            {
                "name": f"{name}{' ' + str(options) if options else ''}",
                "activation": name,
                "options": options,
                "input": exact(x),
                "cotangent": exact(cotangent),
                "output": array(y),
                "gradient": array(gradient),
                "secondGradient": array(torch.zeros_like(x) if second is None else second),
            }
        )

    def write(self, name, about):
        lists = {"cases": self.cases, "activations": self.activations}
        write(f"layers/{name}", about, **{key: entries for key, entries in lists.items() if entries})
