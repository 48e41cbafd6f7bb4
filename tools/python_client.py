"""Write the reference page of the Python client, and the list of its signatures, from signatures and docstrings.

``python tools/python_client.py`` renews both: ``docs/reference/python-client.md`` from the marker on, and
``tests/sdk/signatures.txt``, in which every change of something public can be seen.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, ForwardRef, NamedTuple

from reference import table

import apportion as rg
from apportion.sdk import errors, metric_functions, operations
from apportion.sdk._http import HttpClient

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "python-client.md"
SIGNATURES = ROOT / "tests" / "sdk" / "signatures.txt"
MARKER = "<!-- what follows is written by tools/python_client.py -->\n"
PLACES_OF_1X = (
    "_constants client.api client.client client.datasets client.models client.sdk.commons.errors "
    "client.sdk.datasets.models datasets labeling.text_classification listeners metrics metrics.commons "
    "metrics.text_classification metrics.token_classification monitoring monitoring.asgi training utils "
    "utils.span_utils"
)
SECTIONS = {
    "Connecting": "",
    "Records": "records",
    "Datasets": "datasets",
    "Plans": "plans",
    "Work on a dataset": "work audit",
    "Your own queue": "queue",
    "Agreement": "agreement",
    "People": "people",
    "Webhooks": "webhooks",
    "Metrics and labeling rules of 1.x": "metrics",
    "Conversions": "",
}
BY_HAND = {
    "Connecting": ("init", "active_client"),
    "Records": ("log", "log_async", "load"),
    "Conversions": ("read_datasets", "read_pandas", "to_hub", "from_hub"),
}
WIDTH = 100


class Member(NamedTuple):
    """A public member of a class: its name, its docstring, and how it is written."""

    name: str
    text: str
    doc: str


# Looking


def signature(function: Any, *, name: str, method: bool = False) -> str:
    """A signature as it stands in the source, over several lines where it is long."""
    try:
        found = inspect.signature(function)
    except ValueError:  # made as what it is a kind of, such as a dictionary
        return f"{name}(*args, **kwargs)"
    parameters = list(found.parameters.values())
    if method:
        parameters = parameters[1:]
    parts, keyword_only = [], False
    for each in parameters:
        if each.kind is inspect.Parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            if not any(other.kind is inspect.Parameter.VAR_POSITIONAL for other in parameters):
                parts.append("*")
        parts.append(_parameter(each))
    result = found.return_annotation
    end = "" if result is inspect.Signature.empty else f" -> {_annotation(result)}"
    line = f"{name}({', '.join(parts)}){end}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {each}," for each in parts), f"){end}"])


def _parameter(given: inspect.Parameter) -> str:
    several: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    text = several.get(given.kind, "") + given.name
    typed = given.annotation is not inspect.Parameter.empty
    if typed:
        text += f": {_annotation(given.annotation)}"
    if given.default is not inspect.Parameter.empty:
        text += f" = {_default(given.default)}" if typed else f"={_default(given.default)}"
    return text


def _default(value: Any) -> str:
    shown = repr(value)
    if shown == "<factory>":  # of a dataclass: made anew for each
        return "..."
    return (
        f"{type(value).__name__}.{value.name}" if shown.startswith("<") and hasattr(value, "name") else shown
    )


def _annotation(found: Any) -> str:
    if isinstance(found, ForwardRef):
        return found.__forward_arg__
    return found if isinstance(found, str) else str(getattr(found, "__name__", found))


def members(kind: type) -> Iterator[Member]:
    """The members of a class that are public, in the order of the source, those of its own first."""
    seen = set()
    for home in _homes(kind):
        for name in [*inspect.get_annotations(home), *vars(home)]:
            if not name.startswith("_") and name not in seen:
                seen.add(name)
                yield _member(kind, name)


def _homes(kind: type) -> list[type]:
    return [each for each in kind.__mro__ if each.__module__.startswith("apportion")]


def _member(kind: type, name: str) -> Member:
    found = inspect.getattr_static(kind, name, None)
    if isinstance(found, property):
        result = inspect.signature(found.fget).return_annotation if found.fget else ""
        return Member(name, f"{name}: {_annotation(result)}", inspect.getdoc(found) or "")
    value = getattr(kind, name, None)
    if inspect.isroutine(value):
        bound = isinstance(found, classmethod | staticmethod)
        start = "async def " if inspect.iscoroutinefunction(value) else "def "
        text = start + signature(value, name=name, method=not bound)
        return Member(name, text, inspect.getdoc(value) or "")
    typed, doc = _type_of(kind, name), _attribute_doc(kind, name)
    return Member(name, f"{name}: {typed}" if typed else name, doc)


def _type_of(kind: type, name: str) -> str:
    for home in _homes(kind):
        if (found := inspect.get_annotations(home).get(name)) is not None:
            return re.sub(r"^ClassVar\[(.*)\]$", r"\1", _annotation(found))
    parameter = inspect.signature(kind).parameters.get(name)
    return "" if parameter is None else _annotation(parameter.annotation)


def _attribute_doc(kind: type, name: str) -> str:
    docs = (_attribute_docs(each).get(name) for each in _homes(kind))
    return next(filter(None, docs), "")


@cache
def _attribute_docs(kind: type) -> dict[str, str]:
    """Return the docstrings of attributes, by the name of the attribute."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    bodies = [tree.body, *(each.body for each in tree.body if isinstance(each, ast.If))]
    return {
        each.target.id: ast.literal_eval(after.value)
        for body in bodies
        for each, after in pairwise(body)
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.target, ast.Name)
        and isinstance(after, ast.Expr)
    }


def described(kind: type, member: Member) -> bool:
    """Return True if a member has a docstring, or is mentioned in that of its class."""
    return bool(member.doc) or any(
        f"``{member.name}``" in (inspect.getdoc(each) or "") for each in kind.__mro__
    )


def functions() -> list[str]:
    """The names of the public functions."""
    return [name for name in rg.__all__ if inspect.isroutine(getattr(rg, name))]


def classes() -> dict[str, type]:
    """The public classes, and those of what calls return and take, by name."""
    found: dict[str, type] = {}
    waiting = [getattr(rg, name) for name in rg.__all__ if inspect.isclass(getattr(rg, name))]
    waiting += [each for name in functions() for each in _named(getattr(rg, name))]
    while waiting:
        kind = waiting.pop(0)
        if kind.__name__ in found or kind.__name__.startswith("_"):
            continue
        found[kind.__name__] = kind
        for name in ("__init__", *(each.name for each in members(kind))):
            value = inspect.getattr_static(kind, name, None)
            value = value.fget if isinstance(value, property) else getattr(kind, name, None)
            waiting += _named(value)
        waiting += _mentioned(kind, kind.__module__, getattr(kind, "__annotations__", {}).values())
    return {name: found[name] for name in sorted(found)}


def _named(function: Any) -> list[type]:
    """The classes of ours that a signature names."""
    inner = inspect.unwrap(function) if callable(function) else None
    if not inspect.isfunction(inner):
        inner = getattr(inner, "__func__", None)
    if inner is None:
        return []
    return _mentioned(inner, inner.__module__, inner.__annotations__.values())


def _mentioned(_: Any, module: str, annotations: Any) -> list[type]:
    words = re.findall(r"[A-Z]\w+", " ".join(map(str, annotations)))
    known = vars(sys.modules[module])
    kinds = [known.get(word) for word in words]
    return [
        kind
        for kind in kinds
        if inspect.isclass(kind)
        and kind.__module__.startswith(("apportion.sdk", "apportion.vocabulary"))
        and not getattr(kind, "_is_protocol", False)
        and kind.__name__ not in ("Connection", "Labels", "LogJob", "Request")
    ]


# The list of signatures


def lines() -> Iterator[str]:
    """One line for each public name, member and parameter list, sorted where no order is meant."""
    for name in rg.__all__:
        thing = getattr(rg, name)
        if inspect.isroutine(thing):
            yield f"rg.{_flat(signature(thing, name=name))}"
        elif not inspect.isclass(thing):
            yield f"rg.{name}"
    for name, kind in [*classes().items(), ("HttpClient", HttpClient)]:
        yield from class_lines(name, kind)
    for module in PLACES_OF_1X.split():
        place = import_module(f"apportion.{module}")
        names = getattr(place, "__all__", None) or [name for name in vars(place) if name.isupper()]
        yield f"apportion.{module}: {' '.join(sorted(names))}"
        for name in sorted(names):
            thing = getattr(place, name)
            if inspect.isfunction(thing) and name not in rg.__all__:
                yield f"apportion.{module}.{_flat(signature(thing, name=name))}"


def class_lines(name: str, kind: type) -> Iterator[str]:
    """The constructor of a class and its members, sorted."""
    try:
        shown = _flat(signature(kind, name=name)).removesuffix(" -> None")
    except ValueError:  # built in
        shown = name
    yield shown if not hasattr(kind, "__members__") else f"{name}: {' '.join(each.value for each in kind)}"  # type: ignore[attr-defined]
    if not hasattr(kind, "__members__"):
        for each in sorted(members(kind)):
            start, _, rest = _flat(each.text).rpartition("def ")
            yield f"{start}{name}.{rest}"


def _flat(text: str) -> str:
    return re.sub(r",?\n\)", ")", text.replace("(\n    ", "(")).replace("\n    ", " ")


# The page


def page() -> str:
    """The generated part of the page."""
    parts = ["## Functions and methods\n"]
    parts.append(
        "Each function runs on the active client. `Client` has it as a method, `AsyncClient` as a method to be\n"
        "awaited; entries that begin with `client` are methods of these two only.\n"
    )
    for heading, homes in SECTIONS.items():
        parts.append(f"### {heading}\n")
        parts += [_function(name) for name in BY_HAND.get(heading, ())]
        for home in homes.split():
            module = getattr(operations, home)
            names = [name for name, value in vars(module).items() if offered(module, name, value)]
            parts += [_function(name) for name in names if name not in BY_HAND.get(heading, ())]
    parts.append("### Metrics of 1.x, as functions of `apportion.metrics`\n")
    figures = {name: getattr(metric_functions, name) for name in metric_functions.__all__}
    parts += [_entry("metrics", *each) for each in figures.items() if inspect.isfunction(each[1])]
    parts.append("## Classes\n")
    parts += [_class(name, kind) for name, kind in classes().items()]
    parts.append("## Errors\n")
    parts.append("All are in `apportion.client.sdk.commons.errors` or `apportion.sdk.errors`.\n")
    tree = (errors.__doc__ or "").partition("\n\n")[2].strip()
    parts.append(f"```text\n{tree}\n```\n")
    return "\n".join(parts).rstrip() + "\n"


def offered(module: Any, name: str, value: Any) -> bool:
    """Return True if a member of a module is an operation that clients offer."""
    mine = inspect.isfunction(value) and value.__module__ == module.__name__
    return mine and hasattr(rg.AsyncClient, name)


def _function(name: str) -> str:
    public = name in rg.__all__
    function = getattr(rg if public else rg.Client, name)
    return _entry("rg" if public else "client", name, function, method=not public)


def _entry(home: str, name: str, function: Any, *, method: bool = False) -> str:
    start = "async def " if inspect.iscoroutinefunction(function) else "def "
    text = start + signature(function, name=name, method=method)
    return f"#### `{home}.{name}`\n\n{_code(text)}\n{prose(inspect.getdoc(function) or '')}\n"


def _code(text: str) -> str:
    """A signature as the formatter leaves it."""
    text = text.replace("'", '"')
    return f"```python\n{text}: ...\n```\n"


def _class(name: str, kind: type) -> str:
    head = f"### `{'rg.' if name in rg.__all__ else ''}{name}`\n\n"
    doc = prose(inspect.getdoc(kind) or "")
    if hasattr(kind, "__members__"):
        return f"{head}{doc}\n\n{', '.join(f'`{each.value}`' for each in kind)}\n"  # type: ignore[attr-defined]
    parts = [head + doc, ""]
    if name in rg.__all__ and not issubclass(kind, rg.Plan | rg.PlanChange | rg.Agreement):
        parts.append(_code("def " + signature(kind, name=name).removesuffix(" -> None")))
    mine = [each for each in members(kind) if not _is_operation(kind, each.name)]
    plain = [each for each in mine if not each.text.startswith(("def ", "async def "))]
    if plain:
        parts += [*table(("Attribute", "Type", "Meaning"), map(_attribute, plain)), ""]
    for each in mine:
        if each not in plain:
            parts += [f"#### `{name}.{each.name}`\n", _code(each.text), prose(each.doc), ""]
    return "\n".join(parts)


def _attribute(member: Member) -> tuple[str, str, str]:
    name, _, typed = member.text.partition(": ")
    return f"`{name}`", f"`{typed}`" if typed else "", " ".join(prose(member.doc).split())


def _is_operation(kind: type, name: str) -> bool:
    return issubclass(kind, rg.Client | rg.AsyncClient) and hasattr(rg.AsyncClient, name) and name != "close"


def prose(doc: str) -> str:
    """A docstring as Markdown: names in single backticks, examples as code."""
    parts: list[str] = []
    for block in doc.replace("``", "`").split("\n\n"):
        if block.lstrip().startswith(">>>"):
            code = re.sub(r"  # doctest: \+SKIP", "", inspect.cleandoc(block))
            parts.append(f"```pycon\n{code}\n```")
        else:
            parts.append(block)
    return "\n\n".join(parts)


def renewed(text: str) -> str:
    """The page with its generated part written anew."""
    return text.partition(MARKER)[0] + MARKER + "\n" + page()


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SIGNATURES.write_text("\n".join(lines()) + "\n", encoding="utf-8")
