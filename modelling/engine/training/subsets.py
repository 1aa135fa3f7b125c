"""Which inputs a person is shown in one training step: parts are hidden, so that the network learns to do without.

Modality dropout with a share of film-only steps: the same network answers for any subset, the radiograph alone
included. Uses torch's own generator, whose state the checkpoints keep.
"""

import torch
from torch import Tensor


def draw_subsets(has: Tensor, film: int | None, hidden_share: float, film_only_share: float) -> Tensor:
    """Return which inputs are shown, (batch, inputs) bool; a subset of `has`, and empty only where `has` is.

    has: (batch, inputs) bool. film: the position of the radiograph, None if there is none.
    film_only_share: how often a person who has a radiograph is shown nothing else.
    hidden_share: otherwise, how often each input is hidden; where all would be, all are shown.
    """
    n, inputs = has.shape
    kept = torch.rand(n, inputs).to(has.device) >= hidden_share
    alone = torch.rand(n).to(has.device) < film_only_share
    shown = has & kept
    shown = torch.where(shown.any(dim=1, keepdim=True), shown, has)
    if film is None:
        return shown
    only_film = torch.zeros_like(has)
    only_film[:, film] = True
    return torch.where((alone & has[:, film])[:, None], only_film, shown)


def keep_only(has: Tensor, place: int) -> Tensor:
    """Return `has` with every input but one hidden."""
    shown = torch.zeros_like(has)
    shown[:, place] = has[:, place]
    return shown
