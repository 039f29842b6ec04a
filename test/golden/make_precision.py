"""Products of operands rounded to bfloat16: precision.json. Run as python3 make_precision.py.

What PyTorch's bfloat16 makes of numbers (torch.Tensor.bfloat16: to the nearest, ties to even), and a matrix product and a convolution of
operands that were rounded so, summed in float64, with their gradients, whose products round what they multiply, too.
"""

import torch
import torch.nn.functional as F

from golden import Draw, array, write

draw = Draw(23)


def rounded(x):
    return x.float().bfloat16().double()


def tensor(*shape):
    return torch.tensor(draw.normal(*shape, step=2048))


def numbers():
    # Ties to even down and up, beside ties, the largest, what becomes infinite, the smallest normal one.
    x = torch.tensor(
        [1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, 1 + 2**-8 - 2**-20, -1 - 2**-8, 3.3895313892515355e38, 3.4e38, -3.4e38]
        + [2.0**-126, 0.0, 0.1, -0.3, 1e-30, 12345.678]
    )
    return {"x": array(x), "bits": [v & 0xFFFF for v in x.bfloat16().view(torch.int16).tolist()]}


def matmul():
    a, b, g = tensor(3, 7), tensor(7, 5), tensor(3, 5)
    return {
        "a": array(a), "b": array(b), "g": array(g), "y": array(rounded(a) @ rounded(b)),
        "da": array(rounded(g) @ rounded(b).T), "db": array(rounded(a).T @ rounded(g)),
    }


def conv():
    x, w, g = tensor(2, 3, 6, 5), tensor(4, 3, 3, 2), tensor(2, 4, 3, 5)
    how = dict(stride=(2, 1), padding=(1, 0))
    y = F.conv2d(F.pad(rounded(x), (0, 1)), rounded(w), **how)
    padded = F.pad(rounded(x), (0, 1))
    dx = torch.nn.grad.conv2d_input(padded.shape, rounded(w), rounded(g), **how)[..., :-1]
    dw = torch.nn.grad.conv2d_weight(padded, w.shape, rounded(g), **how)
    last = lambda t: array(t.permute(0, 2, 3, 1))  # noqa: E731: channels last
    kernel = lambda t: array(t.permute(2, 3, 1, 0))  # noqa: E731
    return {"x": last(x), "w": kernel(w), "g": last(g), "y": last(y), "dx": last(dx), "dw": kernel(dw)}


write(
    "precision",
    {"by": f"make_precision.py, PyTorch {torch.__version__}, bfloat16 operands, float64 sums"},
    numbers=[numbers()],
    matmul=[matmul()],
    conv=[conv()],
)
