"""A language model that learns a text, for torch_peer.py: the same windows, first weights and learning rates as in bench/language/setting.ts."""

import time

import torch
import torch.nn.functional as F


class Learning:
    """`numbers` holds int32 training tokens, int32 validation tokens, int32 starts of windows [steps, batch], float32 rates [steps]."""

    def __init__(self, model, sizes, numbers):
        self.context, self.batch = sizes["context"], sizes["batch"]
        self.training = numbers.take([sizes["training"]], torch.int32).long()
        self.validation = numbers.take([sizes["validation"]], torch.int32).long()
        self.starts = numbers.take([sizes["steps"], self.batch], torch.int32).long()
        self.rates = numbers.take([sizes["steps"]]).tolist()
        self.model = model
        self.optimizer = torch.optim.AdamW(
            model.parameters(), self.rates[0], betas=(0.9, sizes["beta2"]), weight_decay=sizes["weightDecay"], fused=True
        )
        self.done = 0
        places = self.starts.flatten()[:, None] + torch.arange(self.context + 1)
        self.windows = self.training[places].view(sizes["steps"], self.batch, self.context + 1)

    def loss(self, windows):
        return F.cross_entropy(self.model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())

    def steps(self, count):
        """Seconds for so many steps, the last one's loss read at the end."""
        start = time.perf_counter()
        for _ in range(count):
            for group in self.optimizer.param_groups:
                group["lr"] = self.rates[self.done]
            self.optimizer.zero_grad()
            loss = self.loss(self.windows[self.done])
            loss.backward()
            self.optimizer.step()
            self.done += 1
        last = loss.item()
        return {"seconds": time.perf_counter() - start, "loss": last}

    def validate(self):
        """The mean loss over windows side by side."""
        rows = (len(self.validation) - 1) // self.context
        places = torch.arange(rows)[:, None] * self.context + torch.arange(self.context + 1)
        total = 0.0
        self.model.eval()
        with torch.no_grad():
            for windows in self.validation[places].split(128):
                total += self.loss(windows).item() * len(windows)
        self.model.train()
        return {"loss": total / rows}
