"""What is done when a module of others is loaded, without loading it for that."""

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

Action = Callable[[ModuleType], object]


def when_loaded(name: str, action: Action) -> None:
    """Calls with the module: now if it is there, else as soon as somebody has imported it.

    There is one action for a module: the first that is given while the module is not there.
    """
    module = sys.modules.get(name)
    if module is not None:
        action(module)
    elif not any(isinstance(finder, _Watch) and finder.name == name for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watch(name, action))


class _Watch:
    """A finder that finds what others find, once."""

    def __init__(self, name: str, action: Action) -> None:
        self.name = name
        self.action = action

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self.name:
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self.action(module)

            setattr(spec.loader, "exec_module", exec_module)  # noqa: B010 (types forbid it)
        return spec
