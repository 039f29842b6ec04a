"""Between Keras's layouts and padding and PyTorch's."""

import torch.nn.functional as F


def same_padding(size, kernel, stride, dilation=1):
    out = -(-size // stride)
    total = max((out - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def pad_spatial(x, pads, value=0.0):
    """x [N, C, ...spatial]; pads one (low, high) per spatial axis."""
    flat = [p for pair in reversed(pads) for p in pair]
    return F.pad(x, flat, value=value)


def first(x):
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)
