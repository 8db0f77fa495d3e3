"""Offers and answers that real implementations made, byte for byte, by file name."""

from pathlib import Path

CORPUS = {
    path.stem: path.read_bytes().decode() for path in sorted(Path(__file__).parent.glob("*.sdp"))
}
OFFERS = {name: text for name, text in CORPUS.items() if "offer" in name}
ANSWERS = {name: text for name, text in CORPUS.items() if "answer" in name}
