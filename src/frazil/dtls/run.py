"""Cutting a buffer of sealed records into runs that the kernel can send in one call."""

from frazil.run import Run


def runs_of(sealed: bytes, sizes: list[int]) -> list[Run]:
    """Cut records laid back to back into runs of equal ones; a shorter one may end a run.

    Args:
        sealed: One record per payload.
        sizes: The sizes of the payloads, at least one. All records are longer by the same overhead:
            every cipher suite we offer is an AEAD.
    """
    if len(sizes) == 1:
        return [Run(sealed, len(sealed))]
    overhead = (len(sealed) - sum(sizes)) // len(sizes)
    previous = segment = sizes[0]
    if sizes.count(segment) == len(sizes):
        return [Run(sealed, segment + overhead)]
    runs = []
    run_start = at = 0
    for size in sizes:
        if size > segment or previous < segment:
            runs.append(Run(sealed[run_start:at], segment + overhead))
            run_start, segment = at, size
        previous = size
        at += size + overhead
    runs.append(Run(sealed[run_start:], segment + overhead))
    return runs
