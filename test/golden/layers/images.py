"""Golden numbers of image layers: python3 -m layers.images in test/golden (PyTorch 2.13 CPU, float64).

Random layers are called in training, with parameters from Philox (philox.py) as the layer draws them: key.fold(use).uniform per image.
Warps are torch.nn.functional.grid_sample on coordinates written out here from the definitions of Keras's layers (pixel centers, turning,
zooming and shearing about the image's center); "wrap", which grid_sample lacks, samples the image repeated three times along each axis.
"""

import math

import numpy as np
import scipy.stats
import torch
import torch.nn.functional as F

from layer_cases import LayerCases
from philox import Key

layers = LayerCases(20261128)
draw, case = layers.draw, layers.case
key = Key()
N, H, W = 3, 5, 6


def unit_images(channels=3, n=N, h=H, w=W):
    """Distinct values inside of (0, 1)."""
    count = n * h * w * channels
    return ((draw.random.permutation(count) + 1) / 2 ** math.ceil(math.log2(count + 2))).reshape(n, h, w, channels)


def per_image(use, low, high, n=N):
    return torch.tensor(key.fold(use).uniform(n, low, high))


def column(values):
    return values.reshape(-1, 1, 1, 1)


def trained(layer, title, options, image, call):
    case(layer, title, options, [image], lambda x, _: call(x[0]), training=True)


# --- warps ------------------------------------------------------------------------------------------------------------------------

def grid(n=N, h=H, w=W):
    """Rows and columns of output pixels from the center, (n, h, w)."""
    r = torch.arange(h, dtype=torch.float64).reshape(1, h, 1) - (h - 1) / 2
    c = torch.arange(w, dtype=torch.float64).reshape(1, 1, w) - (w - 1) / 2
    return r.expand(n, h, w), c.expand(n, h, w)


def sample(x, row, col, fill_mode="reflect", fill=0.0, interpolation="bilinear"):
    """x (n, h, w, c) read at pixels measured from the center."""
    n, h, w, _ = x.shape
    y, x0 = row + (h - 1) / 2, col + (w - 1) / 2
    images = x.permute(0, 3, 1, 2)
    if fill_mode == "wrap":
        images = images.repeat(1, 1, 3, 3)
        y, x0, h, w = y + h, x0 + w, 3 * h, 3 * w
        assert (y > 0).all() and (y < h - 1).all() and (x0 > 0).all() and (x0 < w - 1).all()
    where = torch.stack([(2 * x0 + 1) / w - 1, (2 * y + 1) / h - 1], -1)
    mode = {"reflect": "reflection", "constant": "zeros", "nearest": "border", "wrap": "border"}[fill_mode]
    out = F.grid_sample(images - fill, where, mode=interpolation, padding_mode=mode, align_corners=False) + fill
    return out.permute(0, 2, 3, 1)


def warp(x, angle=None, zoom=None, shear=None, shift=None, **how):
    r, c = grid()
    if angle is not None:
        a = angle.reshape(-1, 1, 1)
        r, c = a.cos() * r + a.sin() * c, a.cos() * c - a.sin() * r
    if shear is not None:
        sx, sy = (s.reshape(-1, 1, 1) for s in shear)
        r, c = r + sy * c, c + sx * r
    if zoom is not None:
        r, c = zoom[0].reshape(-1, 1, 1) * r, zoom[1].reshape(-1, 1, 1) * c
    if shift is not None:
        r, c = r - shift[0].reshape(-1, 1, 1), c - shift[1].reshape(-1, 1, 1)
    return sample(x, r, c, **how)


MODES = [("reflect", 0.0, "bilinear"), ("constant", 0.25, "bilinear"), ("wrap", 0.0, "bilinear"), ("nearest", 0.0, "nearest")]
for mode, fill, interpolation in MODES:
    options = {"factor": 0.25, "fillMode": mode, "fillValue": fill, "interpolation": interpolation}
    how = {"fill_mode": mode, "fill": fill, "interpolation": interpolation}
    turn = 2 * math.pi * per_image(0, -0.25, 0.25)
    trained("randomRotation", f"{mode}, {interpolation}", options, draw.normal(N, H, W, 2), lambda x: warp(x, angle=turn, **how))
case("randomRotation", "inference", {"factor": 0.25}, [draw.normal(2, 3, 3, 1)], lambda x, _: x[0] * 1)

zoom = 1 + per_image(1, 0.1, 0.4)
trained("randomZoom", "out, aspect kept", {"heightFactor": [0.1, 0.4]}, draw.normal(N, H, W, 1), lambda x: warp(x, zoom=(zoom, zoom)))
both = (1 + per_image(1, -0.5, 0.5), 1 + per_image(2, -0.3, -0.1))
options = {"heightFactor": 0.5, "widthFactor": [-0.3, -0.1], "fillMode": "constant"}
trained("randomZoom", "both axes, constant", options, draw.normal(N, H, W, 1), lambda x: warp(x, zoom=both, fill_mode="constant"))
move = (H * per_image(5, -0.3, 0.3), W * per_image(6, 0.1, 0.5))
options = {"heightFactor": 0.3, "widthFactor": [0.1, 0.5], "fillMode": "wrap"}
trained("randomTranslation", "wrap", options, draw.normal(N, H, W, 2), lambda x: warp(x, shift=move, fill_mode="wrap"))
slope = (per_image(3, -0.4, 0.4), per_image(4, 0.1, 0.2))
trained("randomShear", "x and y", {"xFactor": 0.4, "yFactor": [0.1, 0.2]}, draw.normal(N, H, W, 1), lambda x: warp(x, shear=slope))
everything = dict(
    angle=2 * math.pi * per_image(0, -0.125, 0.125),
    zoom=(1 + per_image(1, -0.2, 0.2),) * 2,
    shear=(per_image(3, -0.25, 0.25), per_image(4, -0.125, 0.125)),
    shift=(H * per_image(5, -0.25, 0.25), W * per_image(6, -0.125, 0.125)),
)
options = {"rotation": 0.125, "zoom": 0.2, "translation": {"height": 0.25, "width": 0.125}, "shear": {"x": 0.25, "y": 0.125}, "fillMode": "constant"}
trained("randomAffine", "everything at once", options, draw.normal(N, H, W, 2), lambda x: warp(x, **everything, fill_mode="constant"))


def perspective(x, scale, fill_mode):
    """Corners of the output, clockwise from the upper left, read at points inside; the homography from the 8 linear equations."""
    rows, cols = grid(1)
    corners = [(0, 0), (0, W - 1), (H - 1, W - 1), (H - 1, 0)]
    out = []
    for n in range(N):
        equations, values = [], []
        for i, (r, c) in enumerate(corners):
            sr, sc = rows[0, r, c], cols[0, r, c]
            tr, tc = sr * per_image(2 * i, 1 - scale, 1)[n], sc * per_image(2 * i + 1, 1 - scale, 1)[n]
            equations += [[sc, sr, 1, 0, 0, 0, -sc * tc, -sr * tc], [0, 0, 0, sc, sr, 1, -sc * tr, -sr * tr]]
            values += [tc, tr]
        a = torch.linalg.solve(torch.tensor(equations, dtype=torch.float64), torch.tensor(values, dtype=torch.float64))
        depth = a[6] * cols + a[7] * rows + 1
        place = ((a[3] * cols + a[4] * rows + a[5]) / depth, (a[0] * cols + a[1] * rows + a[2]) / depth)
        out.append(sample(x[n : n + 1], *place, fill_mode))
    return torch.cat(out)


trained("randomPerspective", "scale 0.5", {"scale": 0.5}, draw.normal(N, H, W, 1), lambda x: perspective(x, 0.5, "reflect"))

# --- flip, crop, erase ------------------------------------------------------------------------------------------------------------

def coin(use, p=0.5, n=N):
    return column(torch.tensor(key.fold(use).uniform(n) < p))


def flipped(x, horizontal, vertical, n):
    if horizontal:
        x = torch.where(coin(0, n=n), x.flip(2), x)
    return torch.where(coin(1, n=n), x.flip(1), x) if vertical else x


assert len({bool(c) for c in coin(0, n=8).reshape(-1)}) == 2 and len({bool(c) for c in coin(1, n=8).reshape(-1)}) == 2
for mode, h, v in [("horizontal", True, False), ("vertical", False, True), ("horizontalAndVertical", True, True)]:
    trained("randomFlip", mode, {"mode": mode}, draw.normal(8, 2, 3, 1), lambda x: flipped(x, h, v, 8))


def cropped(x, height, width, padding=0, fill=0.0):
    n, h, w, _ = x.shape
    x = F.pad(x, (0, 0, padding, padding, padding, padding), value=fill)
    top = np.floor(key.fold(0).uniform(n, 0, h + 2 * padding - height + 1)).astype(int)
    left = np.floor(key.fold(1).uniform(n, 0, w + 2 * padding - width + 1)).astype(int)
    return torch.stack([x[i, top[i] : top[i] + height, left[i] : left[i] + width] for i in range(n)])


trained("randomCrop", "part", {"height": 3, "width": 4}, draw.normal(4, H, W, 2), lambda x: cropped(x, 3, 4))
options = {"height": 5, "width": 6, "padding": 2, "fillValue": 0.5}
trained("randomCrop", "padding", options, draw.normal(4, H, W, 1), lambda x: cropped(x, 5, 6, 2, 0.5))
case("randomCrop", "inference", {"height": 3, "width": 3}, [draw.normal(2, H, W, 1)], lambda x, _: x[0][:, 1:4, 1:4])


def boxes(scale):
    rows, cols = (key.fold(use).uniform(N, *scale) ** 0.5 for use in (0, 1))
    y0, x0 = key.fold(2).uniform(N) * (H - rows * H), key.fold(3).uniform(N) * (W - cols * W)
    y, x = np.arange(H).reshape(1, H, 1), np.arange(W).reshape(1, 1, W)
    inside = lambda place, start, length: (place >= start.reshape(-1, 1, 1)) & (place < (start + length).reshape(-1, 1, 1))
    return torch.tensor(inside(y, y0, rows * H) & inside(x, x0, cols * W)).unsqueeze(-1)


box = boxes((0.1, 0.5))
assert 0 < box.sum() < N * H * W
trained("randomErasing", "one value", {"scale": [0.1, 0.5], "fillValue": 0.5}, draw.normal(N, H, W, 2), lambda x: torch.where(box, 0.5, x))
options = {"scale": [0.1, 0.5], "fillValue": 0, "factor": 0.5}
trained("randomErasing", "half of them", options, draw.normal(N, H, W, 1), lambda x: torch.where(box & coin(4), 0.0, x))

# --- color ------------------------------------------------------------------------------------------------------------------------

UNIT = {"valueRange": [0, 1]}


def luma(x):
    return (x * torch.tensor([0.2989, 0.587, 0.114], dtype=torch.float64)).sum(-1, keepdim=True)


def hsv(x):
    """colorsys.rgb_to_hsv."""
    high, low = x.max(-1).values, x.min(-1).values
    r, g, b = x.unbind(-1)
    rc, gc, bc = ((high - c) / (high - low) for c in (r, g, b))
    h = torch.where(r == high, bc - gc, torch.where(g == high, 2 + rc - bc, 4 + gc - rc)) / 6
    return h % 1, (high - low) / high, high


def rgb(h, s, v):
    """colorsys.hsv_to_rgb."""
    i = (h * 6).floor()
    f = h * 6 - i
    p, q, t = v * (1 - s), v * (1 - s * f), v * (1 - s * (1 - f))
    table = [(v, t, p), (q, v, p), (p, v, t), (p, q, v), (t, p, v), (v, p, q)]
    pick = (i.long() % 6).unsqueeze(0)
    return torch.stack([torch.stack([row[c] for row in table]).gather(0, pick)[0] for c in range(3)], -1)


add = column(per_image(0, -0.5, 0.5))
trained("randomBrightness", "factor 0.5", {"factor": 0.5, **UNIT}, unit_images(), lambda x: (x + add).clamp(0, 1))
more = 255 * column(per_image(0, 0.25, 0.5))
trained("randomBrightness", "default range", {"factor": [0.25, 0.5]}, unit_images(1) * 128, lambda x: (x + more).clamp(0, 255))


def contrast(x, factor):
    mean = x.mean((1, 2), keepdim=True)
    return ((x - mean) * factor + mean).clamp(0, 1)


trained("randomContrast", "factor 0.5", {"factor": 0.5, **UNIT}, unit_images(), lambda x: contrast(x, column(per_image(0, 0.5, 1.5))))


def hued(x, factor):
    h, s, v = hsv(x)
    sign = torch.where(coin(1), 1.0, -1.0).reshape(-1, 1, 1)
    return rgb((h + sign * factor.reshape(-1, 1, 1) / 2) % 1, s, v)


trained("randomHue", "factor 0.8", {"factor": 0.8, **UNIT}, unit_images(), lambda x: hued(x, per_image(0, 0, 0.8)))


def saturated(x, share):
    h, s, v = hsv(x)
    k = share / (1 - share + 1e-7)
    return rgb(h, (s * k.reshape(-1, 1, 1)).clamp(0, 1), v)


options = {"factor": [0.3, 0.6], **UNIT}
trained("randomSaturation", "0.3 to 0.6", options, unit_images(), lambda x: saturated(x, per_image(0, 0.3, 0.6)))
keep = 1 - column(per_image(0, 0, 0.7))
options = {"factor": 0.7, **UNIT}
trained("randomColorDegeneration", "factor 0.7", options, unit_images(), lambda x: luma(x) + keep * (x - luma(x)))
gray = unit_images(n=8, h=2, w=2)
trained("randomGrayscale", "half of them", {"factor": 0.5}, gray, lambda x: torch.where(coin(0, n=8), luma(x), x))


def solarized(x, addition, threshold):
    x = (x + addition).clamp(0, 1)
    return torch.where(x < threshold, x, 1 - x)


parts = (column(per_image(0, 0, 0.25)), column(per_image(1, 0.4, 0.8)))
options = {"additionFactor": 0.25, "thresholdFactor": [0.4, 0.8], **UNIT}
trained("solarization", "threshold and addition", options, unit_images(), lambda x: solarized(x, *parts))
trained("solarization", "all values", {}, unit_images() * 128, lambda x: 255 - x)


def posterized(x, bits):
    """The upper bits of whole numbers from 0 to 255."""
    level = (x * 255).detach().floor().long()
    mask = (256 - 2 ** (8 - bits)).reshape(-1, 1, 1, 1)
    return (level & mask) / 255 + 0 * x


few = torch.tensor(np.floor(key.fold(0).uniform(N, 2, 7)).astype(int))
trained("randomPosterization", "2 to 6 bits", {"bits": [2, 6], **UNIT}, unit_images(), lambda x: posterized(x, few))
inverted = unit_images(n=8, h=2, w=2)
trained("randomInvert", "half of them", {"factor": 0.5, **UNIT}, inverted, lambda x: torch.where(coin(0, n=8), 1 - x, x))


def stretched(x):
    low, high = x.amin((1, 2), keepdim=True), x.amax((1, 2), keepdim=True)
    return (x - low) / (high - low)


case("autoContrast", "of each channel", UNIT, [unit_images()], lambda x, _: stretched(x[0]))


def equalized(x):
    """Pillow's ImageOps.equalize, channel by channel."""
    level = (x.detach() * 255).round().long().numpy()
    out = np.empty(level.shape)
    for n in range(level.shape[0]):
        for c in range(level.shape[3]):
            histogram = np.bincount(level[n, :, :, c].reshape(-1), minlength=256)
            used = histogram[histogram > 0]
            step = (used.sum() - used[-1]) // 255
            table, total = [], step // 2
            for i in range(256):
                table.append(min(255, total // step) if step else i)
                total += histogram[i]
            out[n, :, :, c] = np.array(table)[level[n, :, :, c]] / 255
    return torch.tensor(out) + 0 * x


few_levels = draw.integers(0, 32, 1, 16, 20, 1) ** 2 / 1024
case("equalization", "16 x 20 pixels of few levels", UNIT, [few_levels], lambda x, _: equalized(x[0]))
levels = draw.integers(0, 32, 1, 4, 4, 2) * 8.0
case("equalization", "a small image stays", {}, [levels], lambda x, _: x[0].detach() + 0 * x[0])

# --- filters ----------------------------------------------------------------------------------------------------------------------

def sharpened(x, factor):
    images = x.permute(0, 3, 1, 2)
    channels = images.shape[1]
    kernel = torch.tensor([[1, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=torch.float64).div(13).expand(channels, 1, 3, 3)
    smooth = images.clone()
    smooth[:, :, 1:-1, 1:-1] = F.conv2d(images, kernel, groups=channels)
    return (smooth + factor * (images - smooth)).permute(0, 2, 3, 1).clamp(0, 1)


sharp = 2 * column(per_image(0, 0.2, 0.9))
trained("randomSharpness", "0.2 to 0.9", {"factor": [0.2, 0.9], **UNIT}, unit_images(), lambda x: sharpened(x, sharp))


def blurred(x, size, sigmas):
    out = []
    for n, sigma in enumerate(sigmas):
        image = x[n : n + 1].permute(0, 3, 1, 2)
        channels = image.shape[1]
        taps = []
        for length in size:
            d = torch.arange(length, dtype=torch.float64) - (length - 1) / 2
            w = torch.exp(-(d**2) / (2 * sigma**2))
            taps.append(w / w.sum())
        kernel = (taps[0].reshape(-1, 1) * taps[1]).expand(channels, 1, *size)
        padded = F.pad(image, (size[1] // 2, size[1] // 2, size[0] // 2, size[0] // 2), mode="reflect")
        out.append(F.conv2d(padded, kernel, groups=channels).permute(0, 2, 3, 1))
    return torch.cat(out)


sigmas = per_image(0, 0.5, 2) + 1e-6
options = {"kernelSize": [5, 3], "sigma": [0.5, 2], **UNIT}
trained("randomGaussianBlur", "5 x 3", options, unit_images(2), lambda x: blurred(x, (5, 3), sigmas))
same = torch.full((N,), 1 + 1e-6, dtype=torch.float64)
options = {"factor": 0.5, "sigma": [1, 1], **UNIT}
trained("randomGaussianBlur", "half of them", options, unit_images(1), lambda x: torch.where(coin(1), blurred(x, (3, 3), same), x))

# --- operations that are drawn for each image -------------------------------------------------------------------------------------

OPERATIONS = "identity autoContrast equalize rotate solarize color posterize contrast brightness sharpness shearX shearY translateX translateY".split()
done = set()


def chosen_from(k, n, count, low, high):
    """Operation, strength and sign of each image."""
    operation = np.minimum(np.floor(k.fold(0).uniform(n, 0, count)), count - 1).astype(int)
    return operation, k.fold(1).uniform(n, low, high), np.where(k.fold(2).uniform(n) < 0.5, 1.0, -1.0)


def operated(x, choice, names, move, least_bits):
    """One operation on every image (n, h, w, 3) of values from 0 to 1."""
    out = []
    for image, op, strength, sign in zip(x, *choice):
        name, m, image = names[op], strength * sign, image.unsqueeze(0)
        done.add(name)
        _, h, w, _ = image.shape
        r, c = grid(1, h, w)
        if name == "autoContrast":
            image = stretched(image)
        elif name == "equalize":
            image = equalized(image)
        elif name == "rotate":
            a = torch.tensor(m * math.pi / 6)
            image = sample(image, a.cos() * r + a.sin() * c, a.cos() * c - a.sin() * r)
        elif name == "solarize":
            image = torch.where(image < 1 - strength, image, 1 - image)
        elif name == "color":
            image = (luma(image) + (1 + 0.9 * m) * (image - luma(image))).clamp(0, 1)
        elif name == "posterize":
            image = posterized(image, torch.tensor([max(1, least_bits + 4 - round(4 * strength))]))
        elif name == "contrast":
            image = contrast(image, 1 + 0.9 * m)
        elif name == "brightness":
            image = (image * (1 + 0.9 * m)).clamp(0, 1)
        elif name == "sharpness":
            image = sharpened(image, 1 + 0.9 * m)
        elif name == "shearX":
            image = sample(image, r, c + 0.3 * m * r)
        elif name == "shearY":
            image = sample(image, r + 0.3 * m * c, c)
        elif name == "translateX":
            image = sample(image, r, c - move * w * m)
        elif name == "translateY":
            image = sample(image, r - move * h * m, c)
        out.append(image)
    return torch.cat(out)


def rand_augmented(x, ops, low, high):
    for i in range(ops):
        x = operated(x, chosen_from(key.fold(i), len(x), 14, low, high), OPERATIONS, 150 / 331, 4)
    return x


many = {"n": 12, "h": 4, "w": 5}
trained("randAugment", "default", UNIT, unit_images(**many), lambda x: rand_augmented(x, 2, 0, 0.5))
options = {"numOps": 3, "factor": [0.4, 1], **UNIT}
trained("randAugment", "three, strong", options, unit_images(**many), lambda x: rand_augmented(x, 3, 0.4, 1))
assert done == set(OPERATIONS), set(OPERATIONS) - done
case("randAugment", "inference", UNIT, [unit_images(n=1)], lambda x, _: x[0] * 1)


def beta(u, a, b):
    """SciPy's quantiles of Beta(a, b); the layer reads them from a table."""
    return torch.tensor(scipy.stats.beta.ppf(u, a, b))


def aug_mixed(x, chains, depth, low, high, alpha, names):
    n = len(x)
    uniform = lambda use: key.fold(use).uniform(n)  # noqa: E731
    left, mixed = torch.ones(n, dtype=torch.float64), 0 * x
    for i in range(chains):
        behind = chains - 1 - i
        part = beta(uniform(i + 1), alpha, behind * alpha) if behind else torch.ones(n, dtype=torch.float64)
        share, left = left * part, left * (1 - part)
        k = key.fold(chains + 1 + i)
        deep = np.floor(k.fold(0).uniform(n, 1, depth + 1))
        y = x
        for j in range(depth):
            following = operated(y, chosen_from(k.fold(j + 1), n, len(names), low, high), names, 1 / 3, 0)
            y = torch.where(column(torch.tensor(deep > j)), following, y)
        mixed = mixed + column(share) * y
    m = column(beta(uniform(0), alpha, alpha))
    return m * x + (1 - m) * mixed


few_names = [name for name in OPERATIONS if name not in ("identity", "color", "contrast", "brightness", "sharpness")]
all_names = [name for name in OPERATIONS if name != "identity"]
trained("augMix", "default", UNIT, unit_images(n=4), lambda x: aug_mixed(x, 3, 3, 0, 0.3, 1, all_names))
options = {"numChains": 2, "chainDepth": 2, "factor": [0.5, 1], "alpha": 0.5, "allOps": False, **UNIT}
trained("augMix", "strong, the paper's operations", options, unit_images(n=4), lambda x: aug_mixed(x, 2, 2, 0.5, 1, 0.5, few_names))

layers.write("images", __doc__.split("\n")[0])
