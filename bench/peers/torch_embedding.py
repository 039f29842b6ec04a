"""PyTorch's side of `npm run bench:embeddings`. Usage: torch_embedding.py ROWS WIDTH BATCH LENGTH THREADS

Reads lines "RULE STEPS", such as "adagrad-sparse 30", and answers one JSON list each: milliseconds of every step. Rules are sgd, adagrad and adam,
each "-dense" or "-sparse" (`sparse=True`; for adam SparseAdam, whose moments stand still where rows are not named).
"""
import json
import sys
import time

import torch

ROWS, WIDTH, BATCH, LENGTH, THREADS = map(int, sys.argv[1:])
torch.set_num_threads(THREADS)
torch.manual_seed(0)


class Step:
    def __init__(self, rule, sparse):
        self.table = torch.nn.Embedding(ROWS, WIDTH, sparse=sparse)
        self.head = torch.nn.Linear(WIDTH, 1)
        make = {
            "sgd": lambda p, s: torch.optim.SGD(p, lr=0.01),
            "adagrad": lambda p, s: torch.optim.Adagrad(p, lr=0.01),
            "adam": lambda p, s: (torch.optim.SparseAdam if s else torch.optim.Adam)(list(p), lr=0.001),
        }[rule]
        self.optimizers = [make(self.table.parameters(), sparse), make(self.head.parameters(), False)]

    def __call__(self, x, y):
        for each in self.optimizers:
            each.zero_grad()
        ((self.head(self.table(x).mean(1)) - y) ** 2).mean().backward()
        for each in self.optimizers:
            each.step()


steps = {}
x = torch.randint(ROWS, (64, BATCH, LENGTH))
y = torch.rand(64, BATCH, 1)
for line in sys.stdin:
    name, count = line.split()
    if name not in steps:
        rule, kind = name.split("-")
        steps[name] = Step(rule, kind == "sparse")
    times = []
    for i in range(int(count)):
        start = time.perf_counter()
        steps[name](x[i % 64], y[i % 64])
        times.append(1000 * (time.perf_counter() - start))
    print(json.dumps(times), flush=True)
