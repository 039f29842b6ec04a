"""Golden numbers of embeddings, normalizations over features and attention: python3 -m layers.attention in test/golden (PyTorch 2.13 CPU, float64).

Cases as in make_layers.py. Integer inputs (tokens) have no gradient.
"""

import torch
import torch.nn.functional as F

from layer_cases import LayerCases

layers = LayerCases(20261128)
draw, case = layers.draw, layers.case

# --- embedding --------------------------------------------------------------------------------------------------------------------

def embedding(title, vocabulary, width, *shape):
    weights = {"embeddings": draw.normal(vocabulary, width)}
    tokens = draw.integers(0, vocabulary, *shape)
    case("embedding", title, {"inputDim": vocabulary, "outputDim": width}, [tokens], lambda i, w: F.embedding(i[0], w["embeddings"]), weights)


embedding("sequences", 5, 3, 2, 7)
embedding("one number per sample", 4, 2, 3)
embedding("a number that occurs twice and one that never does", 9, 4, 2, 3, 2)

layers.write("attention", {"by": f"layers/attention.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)"})
