"""The next block of a product, computed while the product is written to the disk.

Writing a product, its checksum and the disk take about as long as extracting its spectrum. What was
computed is used only if the run that follows has the same block, settings, kind and frame;
otherwise it is dropped, and the run computes as any other. A block that needs a calibration or
another spectrum is never computed ahead, since these are chosen when its run begins.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NoReturn

from db.models import File
from reduction.frames import DataType, FrameKind, Product
from reduction.registry import Block, BlockInputs
from services.proposals import proposals
from services.runs import scheduling
from services.runs.inputs import handover


class _NeedsMore(Exception):
    """The block asked for a file that is chosen only when its run begins."""


@dataclass(frozen=True, slots=True)
class _Computation:
    """A block that is being computed: on which inputs and with which settings."""

    block: Block
    inputs: BlockInputs
    settings: Any
    products: Future[list[Product]]

    def serves(self, block: Block, inputs: BlockInputs, settings: Any) -> bool:
        """Return whether a run of a block would compute the same."""
        return (
            block is self.block
            and inputs.frame is self.inputs.frame
            and (inputs.file_name, inputs.kind) == (self.inputs.file_name, self.inputs.kind)
            and not (inputs.members or inputs.names or inputs.notices)
            and settings == self.settings
        )


_pools: list[ThreadPoolExecutor] = []
_current: list[_Computation] = []


def _forget() -> None:
    """Forget the thread and the computation of the parent, which a forked process has not."""
    _pools.clear()
    _current.clear()


os.register_at_fork(after_in_child=_forget)


def _pool() -> ThreadPoolExecutor:
    if not _pools:
        _pools.append(ThreadPoolExecutor(1, thread_name_prefix="ahead"))
    return _pools[0]


def begin(parent: File, products: list[Product]) -> None:
    """Start with the block that follows on the product of a run, if it can be computed ahead.

    Parameters
    ----------
    parent : File
        The file that the run was on.
    products : list of Product
        What its block made.
    """
    _current.clear()
    frames = handover.prepare(products)
    if len(products) != 1 or products[0].data_type is DataType.MASTER:
        return
    kind = FrameKind(parent.kind)
    block = scheduling.next_block(products[0].data_type, kind)
    if block is None or block.calibration_roles:
        return
    section = proposals.block_settings(parent.proposal, block.name)
    settings = block.request.model_validate(section.model_dump(mode="json"))
    inputs = BlockInputs(frames[0], products[0].file_name, kind, brighter=_ask)
    future = _pool().submit(block.run, inputs, settings, lambda *_: None)
    _current.append(_Computation(block, inputs, settings, future))


def products_of(block: Block, inputs: BlockInputs, settings: Any) -> list[Product] | None:
    """Return the products of a run that were computed ahead, None when they were not."""
    computation = _current.pop() if _current else None
    if computation is None or not computation.serves(block, inputs, settings):
        return None
    # What the block refuses, the run finds itself, with everything that it may ask for.
    return None if computation.products.exception() else computation.products.result()


def _ask() -> NoReturn:
    raise _NeedsMore
