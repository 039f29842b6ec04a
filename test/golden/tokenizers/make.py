"""Hugging Face files and what they make of texts: python3 make.py TEXT in test/golden/tokenizers, with the package `tokenizers` (0.23).

TEXT is a file in UTF-8; the ones here were trained on the first 20,000 characters of the collected Shakespeare that nanoGPT uses, which is in
the public domain. Byte pairs as GPT-2 has them, and a unigram model (Kudo, 2018) as T5 and its kin.
"""

import json
import sys

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

text = open(sys.argv[1], encoding="utf-8").read()[:20000]

pairs = Tokenizer(models.BPE())
pairs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
pairs.decoder = decoders.ByteLevel()
pairs.post_processor = processors.ByteLevel(trim_offsets=False)
alphabet = pre_tokenizers.ByteLevel.alphabet()
pairs.train_from_iterator([text], trainers.BpeTrainer(vocab_size=340, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False))

unigram = Tokenizer(models.Unigram())
unigram.normalizer = normalizers.NFKC()
unigram.pre_tokenizer = pre_tokenizers.Metaspace()
unigram.decoder = decoders.Metaspace()
specials = ["<pad>", "</s>", "<unk>"]
unigram.train_from_iterator([text], trainers.UnigramTrainer(vocab_size=200, special_tokens=specials, unk_token="<unk>", show_progress=False))
unigram.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])

TEXTS = ["First Citizen: Before we proceed any further, hear me speak.", "don't", "  two  spaces\nand lines\n", "naïve café, 東京 🙂", ""]

for name, tokenizer in {"byte-pairs": pairs, "unigram": unigram}.items():
    encodings = [tokenizer.encode(each, add_special_tokens=False) for each in TEXTS]
    found = {
        "tokenizer": json.loads(tokenizer.to_str()),
        "size": tokenizer.get_vocab_size(),
        "cases": [{"text": text, "ids": e.ids, "decoded": tokenizer.decode(e.ids)} for text, e in zip(TEXTS, encodings)],
    }
    with open(f"{name}.json", "w", encoding="utf-8") as file:
        json.dump(found, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
