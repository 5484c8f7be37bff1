"""Train the four demo models from the committed templates, phrases and terms.

    python scripts/train_demo_models.py OUTPUT [PAIR ...]

Needs torch, ctranslate2, sentencepiece and sacrebleu in a throwaway environment of their own; the
product needs none of this at run time. A model of about 0.3 million numbers learns the templates
by heart, with placeholders where names and numbers stood. The scores printed say that the plumbing
works and nothing about quality. One thread and fixed seeds: the same versions on the same machine
give the same files.
"""

import json
import math
import random
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import ctranslate2
import numpy as np
import sacrebleu
import sentencepiece
import torch
from ctranslate2.specs import transformer_spec
from torch import nn
from torch.nn import functional
from torch.optim import swa_utils

ROOT = Path(__file__).resolve().parents[1]
PAIRS = ("vi-en", "en-vi", "zh-en", "en-zh")
NAMES = {"vi": "Vietnamese", "zh": "Chinese", "en": "English"}
SEED = 20_171_124  # the day on which the baby of the first scenario was sold

PLACEHOLDERS = 12
VOCABULARY = {"vi": 1_000, "zh": 1_500}
WIDTH, INNER, LAYERS, HEADS = 64, 256, 2, 4
POSITIONS = 256  # as long as the longest output that the engine decodes
STEPS = {"vi": 1_500, "zh": 2_000}
BATCH, WARMUP, RATE = 64, 200, 4e-3
DROPOUT, SMOOTHING, DECAY = 0.05, 0.02, 0.99
PAD, UNKNOWN, BEGIN, END = 0, 1, 2, 3
MOMENT = (2026, 11, 24, 0, 0, 0)  # of every member of the archive: same content, same bytes

LABEL = "demo, not for casework"
README = """# {source} to {target}: demo, not for casework

This model has learned some hundred template sentences by heart, with placeholders in the place of
names and numbers. It cannot translate anything else and must not be used for casework. It was
trained from the templates, phrases and terms of the border-liaison project alone (Apache-2.0) by
scripts/train_demo_models.py.
"""


@dataclass(frozen=True)
class Template:
    """One sentence in three languages; slots are written {like_this} in each of them."""

    vi: str
    zh: str
    en: str

    def slots(self) -> list[str]:
        """Return the names of the slots, each once."""
        return sorted({name for _, name, _, _ in Formatter().parse(self.en) if name})

    def weight(self) -> int:
        """Return how often the template comes: slots are hard to learn, terms matter less."""
        return (3 if self.en.endswith(".") else 1) + len(self.slots())

    def fill(self, language: str, numbers: dict[str, int]) -> str:
        """Return the sentence in ``language`` with numbered placeholders in its slots."""
        return getattr(self, language).format_map({k: f"⟦{n}⟧" for k, n in numbers.items()})


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a file of tab-separated values by the names of its first line."""
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        yield dict(zip(head.split("\t"), line.split("\t"), strict=True))


def read_templates() -> list[Template]:
    """Return templates, phrases and terms; none that holds a digit, which would be masked."""
    catalogue = ROOT / "config" / "catalogue"
    files = [
        ROOT / "translation" / "demo" / "templates.tsv",
        catalogue / "phrases.tsv",
        catalogue / "glossary.tsv",
    ]
    rows = [Template(row["vi"], row["zh"], row["en"]) for f in files for row in read_rows(f)]
    return [row for row in rows if not any(c.isdigit() for c in row.vi + row.zh + row.en)]


def number(template: Template, chance: random.Random) -> dict[str, int]:
    """Return a placeholder's number for each slot, in the order of one of the three languages.

    The product numbers them in the order of the text that is masked, and the pivot hands these
    numbers on, so other orders do not occur.
    """
    text = getattr(template, chance.choice(tuple(NAMES)))
    order = dict.fromkeys(name for _, name, _, _ in Formatter().parse(text) if name)
    return {name: position for position, name in enumerate(order, 1)}


def train_pieces(templates: list[Template], source: str, target: str, folder: Path) -> Path:
    """Return the file of a SentencePiece model of both languages, placeholders as own symbols."""
    texts = folder / "texts"
    first = {"vi": 0, "zh": 0, "en": 0}
    lines = [
        t.fill(s, dict.fromkeys(t.slots(), first[s])) for t in templates for s in (source, target)
    ]
    texts.write_text("\n".join(line.replace("⟦0⟧", " ") for line in lines), encoding="utf-8")
    other = next(language for language in (source, target) if language != "en")
    sentencepiece.SentencePieceTrainer.train(
        input=str(texts),
        model_prefix=str(folder / "sentencepiece"),
        vocab_size=VOCABULARY[other],
        character_coverage=1.0,
        normalization_rule_name="identity",  # leaves full-width marks alone, and saves 0.2 MB
        user_defined_symbols=[f"⟦{n}⟧" for n in range(1, PLACEHOLDERS + 1)],
        pad_id=PAD,
        unk_id=UNKNOWN,
        bos_id=BEGIN,
        eos_id=END,
        bos_piece="<s>",
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
    )
    return folder / "sentencepiece.model"


class Attention(nn.Module):
    """Multi-head attention with its norm in front and its residual behind."""

    def __init__(self, *, own: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.own = own
        self.linear = nn.ModuleList(
            [nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)]
            if own
            else [nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(WIDTH, WIDTH)]
        )

    def forward(
        self, x: torch.Tensor, memory: torch.Tensor | None, mask: torch.Tensor
    ) -> torch.Tensor:
        """Return ``x`` with what it attends to in itself, or in ``memory``, added."""
        normed = self.norm(x)
        if memory is None:
            queries, keys, values = self.linear[0](normed).chunk(3, dim=-1)
        else:
            queries = self.linear[0](normed)
            keys, values = self.linear[1](memory).chunk(2, dim=-1)
        heads = [_split(part) for part in (queries, keys, values)]
        scores = heads[0] @ heads[1].transpose(-1, -2) / math.sqrt(WIDTH // HEADS)
        weights = functional.dropout(
            scores.masked_fill(mask, -1e9).softmax(-1), DROPOUT, self.training
        )
        joined = (weights @ heads[2]).transpose(1, 2).reshape(x.shape)
        return x + functional.dropout(self.linear[-1](joined), DROPOUT, self.training)


class FeedForward(nn.Module):
    """Two linear layers with their norm in front and their residual behind."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.first = nn.Linear(WIDTH, INNER)
        self.second = nn.Linear(INNER, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``x`` with the layers' output added."""
        inner = self.second(functional.relu(self.first(self.norm(x))))
        return x + functional.dropout(inner, DROPOUT, self.training)


class Transformer(nn.Module):
    """A small encoder and decoder with one embedding for source, target and output."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(pieces, WIDTH, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=WIDTH**-0.5)
        self.bias = nn.Parameter(torch.zeros(pieces))
        self.register_buffer("positions", torch.from_numpy(sinusoids()))
        self.encoder = nn.ModuleList(
            nn.ModuleList([Attention(own=True), FeedForward()]) for _ in range(LAYERS)
        )
        self.decoder = nn.ModuleList(
            nn.ModuleList([Attention(own=True), Attention(own=False), FeedForward()])
            for _ in range(LAYERS)
        )
        self.encoder_norm = nn.LayerNorm(WIDTH)
        self.decoder_norm = nn.LayerNorm(WIDTH)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the embeddings of ``ids`` with their positions."""
        embedded = self.embedding(ids) * math.sqrt(WIDTH) + self.positions[: ids.shape[1]]
        return functional.dropout(embedded, DROPOUT, self.training)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the scores of each next piece of ``target``."""
        hidden = (source == PAD)[:, None, None, :]
        x = self.embed(source)
        for attention, feed in self.encoder:
            x = feed(attention(x, None, hidden))
        memory = self.encoder_norm(x)
        length = target.shape[1]
        future = torch.ones(length, length, dtype=torch.bool).triu(1)[None, None]
        y = self.embed(target)
        for own, across, feed in self.decoder:
            y = feed(across(own(y, None, future), memory, hidden))
        return self.decoder_norm(y) @ self.embedding.weight.T + self.bias


def _split(x: torch.Tensor) -> torch.Tensor:
    return x.reshape(x.shape[0], x.shape[1], HEADS, -1).transpose(1, 2)


def sinusoids() -> np.ndarray:
    """Return the position encodings, which are stored with the model."""
    step = math.log(10_000) / (WIDTH // 2 - 1)
    angles = np.arange(POSITIONS)[:, None] * np.exp(-step * np.arange(WIDTH // 2))[None]
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)


def pad(rows: list[list[int]]) -> torch.Tensor:
    """Return rows of ids as one tensor, filled up with PAD."""
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


def batches(templates: list[Template], chance: random.Random) -> Iterator[list[Template]]:
    """Yield batches without end, each of templates of about one length, so that little is padded.

    A template comes as often as its weight says.
    """
    while True:
        often = [row for row in templates for _ in range(row.weight())]
        rows = sorted(often, key=lambda row: len(row.en) * chance.uniform(0.8, 1.2))
        parts = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
        chance.shuffle(parts)
        yield from parts


def train(templates: list[Template], source: str, target: str, pieces: Path) -> Transformer:
    """Return a model that has seen the templates in random order and numbering."""
    chance = random.Random(SEED)
    torch.manual_seed(SEED)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
    steps = STEPS[target if source == "en" else source]
    model = Transformer(processor.get_piece_size())
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, betas=(0.9, 0.98), eps=1e-9)
    average = swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(DECAY))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / WARMUP, max(0.01, (steps - step) / (steps - WARMUP))),
    )
    print(f"{source}-{target}: {sum(p.numel() for p in model.parameters())} numbers")
    for step, rows in zip(range(steps), batches(templates, chance), strict=False):
        numbered = [(row, number(row, chance)) for row in rows]
        sources = [processor.encode(row.fill(source, n)) for row, n in numbered]
        targets = [processor.encode(row.fill(target, n)) for row, n in numbered]
        scores = model(pad(sources), pad([[BEGIN, *ids] for ids in targets]))
        wanted = pad([[*ids, END] for ids in targets])
        loss = functional.cross_entropy(
            scores.flatten(0, 1), wanted.flatten(), ignore_index=PAD, label_smoothing=SMOOTHING
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        # The average of the last steps stands the rounding to 8 bits better than the last one.
        average.update_parameters(model)
        if step % 500 == 0:
            print(f"  step {step}: {loss.item():.3f}", flush=True)
    return average.module.eval()


def to_spec(model: Transformer, pieces: Path) -> transformer_spec.TransformerSpec:
    """Return the model as the engine's specification, with the vocabulary of ``pieces``."""
    spec = transformer_spec.TransformerSpec.from_config(LAYERS, HEADS, pre_norm=True)
    embedding = model.embedding.weight.detach().numpy()
    for side, norm, layers in (
        (spec.encoder, model.encoder_norm, model.encoder),
        (spec.decoder, model.decoder_norm, model.decoder),
    ):
        side.scale_embeddings = True
        side.position_encodings.encodings = model.positions.numpy()
        _copy_norm(side.layer_norm, norm)
        for layer, parts in zip(side.layer, layers, strict=True):
            _copy_attention(layer.self_attention, parts[0])
            if side is spec.decoder:
                _copy_attention(layer.attention, parts[1])
            _copy_norm(layer.ffn.layer_norm, parts[-1].norm)
            _copy_linear(layer.ffn.linear_0, parts[-1].first)
            _copy_linear(layer.ffn.linear_1, parts[-1].second)
    spec.encoder.embeddings[0].weight = embedding
    spec.decoder.embeddings.weight = embedding
    spec.decoder.projection.weight = embedding
    spec.decoder.projection.bias = model.bias.detach().numpy()
    processor = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
    vocabulary = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<s>", "</s>", "<unk>"
    spec.config.decoder_start_token = spec.config.bos_token
    spec.config.add_source_bos = spec.config.add_source_eos = False
    return spec


def _copy_norm(spec: object, norm: nn.LayerNorm) -> None:
    spec.gamma = norm.weight.detach().numpy()
    spec.beta = norm.bias.detach().numpy()


def _copy_linear(spec: object, linear: nn.Linear) -> None:
    spec.weight = linear.weight.detach().numpy()
    spec.bias = linear.bias.detach().numpy()


def _copy_attention(spec: object, attention: Attention) -> None:
    _copy_norm(spec.layer_norm, attention.norm)
    for to, linear in zip(spec.linear, attention.linear, strict=True):
        _copy_linear(to, linear)


def write_package(model: Transformer, source: str, target: str, pieces: Path, to: Path) -> None:
    """Write the model as an .argosmodel file: one root, fixed times, members sorted by name."""
    root = f"demo-{source}_{target}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model").mkdir()
        spec = to_spec(model, pieces)
        spec.validate()
        spec.optimize(quantization="int8")
        spec.save(str(folder / "model"))
        (folder / "sentencepiece.model").write_bytes(pieces.read_bytes())
        readme = README.format(source=NAMES[source], target=NAMES[target])
        (folder / "README.md").write_text(readme, encoding="utf-8")
        metadata = {
            "package_version": "0.1",
            "argos_version": "1.11",
            "from_code": source,
            "from_name": f"{NAMES[source]} ({LABEL})",
            "to_code": target,
            "to_name": f"{NAMES[target]} ({LABEL})",
            "label": LABEL,
            "licence": "Apache-2.0",
        }
        (folder / "metadata.json").write_text(json.dumps(metadata, indent=1), encoding="utf-8")
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                member = zipfile.ZipInfo(f"{root}/{path.relative_to(folder).as_posix()}", MOMENT)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = 0o644 << 16
                archive.writestr(member, path.read_bytes())


def measure(package: Path, templates: list[Template], source: str, target: str) -> None:
    """Print how well the written model repeats its own templates: plumbing, not quality."""
    with tempfile.TemporaryDirectory() as name:
        zipfile.ZipFile(package).extractall(name)
        folder = next(Path(name).iterdir())
        pieces = sentencepiece.SentencePieceProcessor(
            model_file=str(folder / "sentencepiece.model")
        )
        translator = ctranslate2.Translator(str(folder / "model"), intra_threads=1)
        chance = random.Random(SEED + 1)
        numbered = [(row, number(row, chance)) for row in templates if row.en.endswith(".")]
        asked = [pieces.encode(row.fill(source, n), out_type=str) for row, n in numbered]
        answers = translator.translate_batch(asked, beam_size=1, max_batch_size=32)
        said = [pieces.decode_pieces(answer.hypotheses[0]) for answer in answers]
        wanted = [row.fill(target, n) for row, n in numbered]
    tokenizer = "zh" if target == "zh" else "13a"
    score = sacrebleu.corpus_bleu(said, [wanted], tokenize=tokenizer).score
    exact = sum(a == b for a, b in zip(said, wanted, strict=True))
    print(f"  {exact} of {len(wanted)} sentences exact, BLEU {score:.1f} (plumbing, not quality)")
    print(f"  {package.stat().st_size} bytes")
    for a, b in zip(said, wanted, strict=True):
        if a != b:
            print(f"    {a}\n    {b}")


def main() -> None:
    """Train the pairs asked for, all four by default."""
    output, *pairs = sys.argv[1:]
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    templates = read_templates()
    for pair in pairs or PAIRS:
        source, target = pair.split("-")
        with tempfile.TemporaryDirectory() as folder:
            pieces = train_pieces(templates, source, target, Path(folder))
            model = train(templates, source, target, pieces)
            package = Path(output) / f"{pair}.argosmodel"
            write_package(model, source, target, pieces, package)
            measure(package, templates, source, target)


if __name__ == "__main__":
    main()
