"""What rows of ``rules/libraries`` name by ``does``, and what the engine itself knows of builtins.

Each module has a table of the behaviours of its subject. A behaviour gets the evaluated call and gives its result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from qorgau.flow import (
    addresses,
    ambient,
    attribute_dicts,
    bound_loggers,
    buffers,
    builtin_functions,
    cleaning,
    code_texts,
    connections,
    contexts,
    copies,
    copying,
    delayed,
    depersonalizers,
    downloads,
    environment,
    frame_behaviours,
    functional,
    futures,
    iterating,
    iterators,
    json_texts,
    made_classes,
    making,
    managers,
    options,
    promises,
    providers,
    query_rows,
    query_texts,
    querysets,
    raising,
    records,
    reflection,
    registries,
    rendering,
    row_methods,
    saved,
    schemas,
    sessions,
    signals,
    streams,
    tasks,
    text_functions,
    transport,
    views,
)
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

BEHAVIOURS: Mapping[str, Callable[[Machine, Frame, Use], Value]] = {
    **addresses.BEHAVIOURS,
    **ambient.BEHAVIOURS,
    **attribute_dicts.BEHAVIOURS,
    **bound_loggers.BEHAVIOURS,
    **builtin_functions.BEHAVIOURS,
    **cleaning.BEHAVIOURS,
    **connections.BEHAVIOURS,
    **contexts.BEHAVIOURS,
    **copies.BEHAVIOURS,
    **copying.BEHAVIOURS,
    **delayed.BEHAVIOURS,
    **depersonalizers.BEHAVIOURS,
    **downloads.BEHAVIOURS,
    **environment.BEHAVIOURS,
    **frame_behaviours.BEHAVIOURS,
    **functional.BEHAVIOURS,
    **futures.BEHAVIOURS,
    **iterating.BEHAVIOURS,
    **iterators.BEHAVIOURS,
    **json_texts.BEHAVIOURS,
    **query_texts.BEHAVIOURS,
    **made_classes.BEHAVIOURS,
    **making.BEHAVIOURS,
    **managers.BEHAVIOURS,
    **options.BEHAVIOURS,
    **querysets.BEHAVIOURS,
    **promises.BEHAVIOURS,
    **providers.BEHAVIOURS,
    **query_rows.BEHAVIOURS,
    **raising.BEHAVIOURS,
    **records.BEHAVIOURS,
    **reflection.BEHAVIOURS,
    **registries.BEHAVIOURS,
    **rendering.BEHAVIOURS,
    **row_methods.BEHAVIOURS,
    **saved.BEHAVIOURS,
    **schemas.BEHAVIOURS,
    **sessions.BEHAVIOURS,
    **signals.BEHAVIOURS,
    **streams.BEHAVIOURS,
    **tasks.BEHAVIOURS,
    **text_functions.BEHAVIOURS,
    **transport.BEHAVIOURS,
    **views.BEHAVIOURS,
}

BUILTINS: Mapping[str, Callable[[Machine, Frame, Use], Value]] = {
    **buffers.BUILTINS,
    **builtin_functions.BUILTINS,
    **code_texts.BUILTINS,
    **functional.BUILTINS,
    **iterating.BUILTINS,
    **made_classes.BUILTINS,
    **making.BUILTINS,
    **reflection.BUILTINS,
}
