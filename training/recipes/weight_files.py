"""Write weight files with their description, their checksums and their cards.

Every file is written beside its place and then renamed, so that an interruption leaves the
previous one whole.
"""

from __future__ import annotations

import datetime
import subprocess
import zipfile
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ocr.formats.output import make_folder, replacing
from ocr.weights import CHECKSUMS, METADATA_KEY, NPZ_KEY, Metadata, sha256

if TYPE_CHECKING:
    import onnx
    from torch import nn

EMNIST = {
    "name": "EMNIST / NIST Special Database 19 hand print",
    "licence": "US government work, free to use",
    "source": "https://doi.org/10.18434/T4H01C and arXiv:1702.05373",
}
NIST36 = {
    "name": "NIST36 (NIST Special Database 19 in the layout of the CMU 16-720 course)",
    "licence": "US government work, free to use",
    "source": "https://doi.org/10.18434/T4H01C",
}
UNIPEN = {
    "name": "UNIPEN train_r01_v07, single characters",
    "licence": "CC BY 4.0",
    "source": "https://doi.org/10.5281/zenodo.1195803",
}
UNIPEN_ALL = {**UNIPEN, "name": "UNIPEN train_r01_v07: text, words and characters"}
FONTS = {
    "name": "handwriting fonts of Google Fonts, ten families held out",
    "licence": "SIL Open Font License 1.1 or Apache 2.0, by family",
    "source": "https://github.com/google/fonts",
}
FRENCH_SCANS = (
    {
        "name": "Copiste d'un jour (BAnQ, 2024)",
        "licence": "CC BY 4.0",
        "source": "https://github.com/banq-dcn/Copiste-d-un-jour",
    },
    {
        "name": "Testaments de Poilus (CREMMA, Archives nationales)",
        "licence": "CC BY 4.0",
        "source": "https://github.com/HTR-United/CREMMA-AN-TestamentDePoilus",
    },
    {
        "name": "Peraire Ground Truth",
        "licence": "CC BY 4.0",
        "source": "https://github.com/alix-tz/peraire-ground-truth",
    },
)
CREMMA_PAGES = {
    "name": "CREMMA-MSS-19 and CREMMA-MSS-20, whole pages",
    "licence": "CC BY 4.0",
    "source": "https://github.com/HTR-United/CREMMA-MSS-19 and CREMMA-MSS-20",
}
ENGLISH_TEXTS = (
    {
        "name": "seven novels (Project Gutenberg)",
        "licence": "public domain",
        "source": "https://www.gutenberg.org",
    },
    {
        "name": "wikitext-2",
        "licence": "CC BY-SA 3.0",
        "source": "https://arxiv.org/abs/1609.07843",
    },
    {
        "name": "108 books, most of 1880 to 1929 (Standard Ebooks)",
        "licence": "public domain in the US, editions CC0 1.0",
        "source": "https://standardebooks.org",
    },
    {
        "name": "Common Voice sentences, English",
        "licence": "CC0 1.0",
        "source": "https://github.com/mozilla/voice-web",
    },
    {
        "name": "Tatoeba, English",
        "licence": "CC BY 2.0 FR",
        "source": "https://tatoeba.org",
    },
    {
        "name": "pages and speeches of the US government, World Factbook",
        "licence": "US government work, CC0 1.0",
        "source": "https://github.com/GSA, https://github.com/18F, https://github.com/factbook",
    },
    {
        "name": "UK Government Service Design Manual",
        "licence": "Open Government Licence",
        "source": "https://github.com/alphagov/government-service-design-manual",
    },
    {
        "name": "OpenStax College Success and Introduction to Anthropology",
        "licence": "CC BY 4.0",
        "source": "https://openstax.org",
    },
    {
        "name": "Open Source Guides, African Storybook (English), Based Cooking",
        "licence": "CC BY 4.0, CC BY, Unlicense",
        "source": "https://github.com/github/opensource.guide, https://github.com/global-asp/"
        "asp-source, https://github.com/LukeSmithxyz/based.cooking",
    },
)
FRENCH_TEXTS = (
    {
        "name": "novels of 1840 to 1920 (ELTeC-fra)",
        "licence": "public domain",
        "source": "https://github.com/COST-ELTeC/ELTeC-fra",
    },
    {
        "name": "Common Voice sentences, French; login.gov, French",
        "licence": "CC0 1.0",
        "source": "https://github.com/mozilla/voice-web, https://github.com/18F/identity-site",
    },
    {
        "name": "African Storybook, French",
        "licence": "CC BY",
        "source": "https://github.com/global-asp/asp-source",
    },
)
WORDFREQ = {
    "name": "wordfreq 3.1",
    "licence": "CC BY-SA 4.0",
    "source": "https://doi.org/10.5281/zenodo.7199437",
}


def dated(metadata: Metadata) -> Metadata:
    """The description with today's date and the commit of the code."""
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    return replace(metadata, date=today, commit=code_commit())


def code_commit() -> str:
    """The git commit that this code stands at; empty outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def save_npz(
    path: Path,
    arrays: Mapping[str, NDArray[np.generic]],
    metadata: Metadata,
    stored: Collection[str] = (),
) -> None:
    """Write named arrays and their description as `.npz`, all but those `stored` compressed."""
    named: dict[str, Any] = {**arrays, NPZ_KEY: np.array(metadata.to_json())}
    with _replacing(path) as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, values in named.items():
            entry = zipfile.ZipInfo(f"{name}.npy")  # of 1980: the same arrays give the same bytes
            entry.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                npy.write_array(file, values, allow_pickle=False)  # type: ignore[no-untyped-call]


def save_safetensors(
    path: Path, network: nn.Module, metadata: Metadata, *, halved: bool = False
) -> None:
    """Write a torch network's state as `.safetensors`; matrices in 16 bits if `halved`."""
    with _replacing(path) as stream:
        stream.write(_tensors(network, metadata, halved))


def save_onnx(path: Path, model: onnx.ModelProto, metadata: Metadata) -> None:
    """Write an ONNX graph with its description, for reading."""
    with _replacing(path) as stream:
        stream.write(_graph(model, metadata))


def save_both(
    path: Path,
    network: nn.Module,
    model: onnx.ModelProto,
    metadata: Metadata,
    *,
    halved: bool = False,
) -> tuple[Path, Path]:
    """Write `.onnx` to read with and `.safetensors` to train on from, or neither of them.

    Parameters
    ----------
    path : Path
        Of both, without suffix.
    """
    onnx, tensors = (path.with_name(path.name + suffix) for suffix in (".onnx", ".safetensors"))
    with _replacing(onnx) as first, _replacing(tensors) as second:
        first.write(_graph(model, metadata))
        first.flush()
        second.write(_tensors(network, metadata, halved))
        second.flush()  # no more is to be written when one takes the place of the old one
    return onnx, tensors


def _tensors(network: nn.Module, metadata: Metadata, halved: bool) -> bytes:
    from safetensors.torch import save

    tensors = {
        name: (value.half() if halved and value.ndim > 1 else value).contiguous()
        for name, value in network.state_dict().items()
    }
    return save(tensors, {METADATA_KEY: metadata.to_json()})


def _graph(model: onnx.ModelProto, metadata: Metadata) -> bytes:
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, metadata.to_json()
    return model.SerializeToString(deterministic=True)


def update_checksums(folder: Path, *names: str) -> None:
    """Set the SHA-256 of the named files in the folder's SHA256SUMS; other lines stay."""
    sums = folder / CHECKSUMS
    known = {}
    if sums.is_file():
        for row in sums.read_text(encoding="utf-8").splitlines():
            digest, _, name = row.partition("  ")
            known[name] = digest
    known.update({name: sha256(folder / name) for name in names})
    with _replacing(sums) as stream:
        rows = [f"{known[name]}  {name}\n" for name in sorted(known)]
        stream.write("".join(rows).encode())


def _replacing(path: Path) -> AbstractContextManager[IO[bytes]]:
    make_folder(path.parent)
    return replacing(path)
