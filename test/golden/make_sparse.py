"""Golden numbers of updates by rows: python3 test/golden/make_sparse.py (PyTorch 2.13 CPU, float64, `sparse=True`).

A table [2100, 64], larger than what the compiler updates row by row, whose numbers, like the rows that each of five steps names, follow from
formulas that both sides compute:

    table[i] = (37 i mod 257 - 128) / 256     i the flat place
    scale[j] = (11 j mod 31 - 15.5) / 16
    named[s, t] = (7 s + t^2) mod 50 * 40, t < 60: some rows several times
    loss = sum (tanh(table[named] * scale) - 0.3)^2

A case holds the first eight columns of all rows that were ever named, in rising order, and the sum of all squares of the table.
SparseAdam adds epsilon before the bias correction of the second moment, Adam after it, so epsilon is next to nothing here.
"""

import torch

from golden import array, number, write

ROWS, WIDTH, STEPS, COUNT, SHOWN = 2100, 64, 5, 60, 8

SCALE = (torch.arange(WIDTH) * 11 % 31 - 15.5).double() / 16
TABLE = (torch.arange(ROWS * WIDTH) * 37 % 257 - 128).double().reshape(ROWS, WIDTH) / 256


def named(step):
    place = torch.arange(COUNT)
    return (7 * step + place * place) % 50 * 40


def walk(make):
    table = torch.nn.Embedding(ROWS, WIDTH, sparse=True, dtype=torch.float64)
    with torch.no_grad():
        table.weight.copy_(TABLE)
    optimizer = make(table.parameters())
    for step in range(STEPS):
        optimizer.zero_grad()
        (torch.tanh(table(named(step)) * SCALE) - 0.3).square().sum().backward()
        optimizer.step()
    seen = torch.cat([named(step) for step in range(STEPS)]).unique()
    weight = table.weight.detach()
    return {"rows": array(weight[seen, :SHOWN]), "squares": number(weight.square().sum())}


RULES = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05),
    "lazy adam": lambda p: torch.optim.SparseAdam(list(p), lr=0.05, eps=1e-30),
}

write(
    "sparse",
    "Updates by rows, PyTorch 2.13 with sparse gradients; see make_sparse.py",
    cases=[{"name": name, **walk(make)} for name, make in RULES.items()],
)
