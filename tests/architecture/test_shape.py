"""The house rules that no linter knows: sizes, names, hidden imports, prose."""

from __future__ import annotations

import ast
import re

from tests.architecture.source import FunctionNode, Module, body_lines, modules

MODULE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
CLASS_LINES_MAX = 300
PUBLIC_METHODS_MAX = 15
TYPE_IGNORES_PER_1000_LINES_MAX = 2
LAZY_ENGINE_ROOMS = {"assembly", "engine", "cli", "api", "console", "pages"}
MEANINGLESS = re.compile(r"(^|_)(utils?|helpers?|common|managers?|base|misc)($|_)")


def complaints(pairs: list[tuple[Module, int, str]]) -> str:
    """Return findings as lines of `file:line what`, for a readable failure."""
    return "\n" + "\n".join(f"src/tenure/{m.name}:{line} {what}" for m, line, what in pairs)


def is_public(name: str) -> bool:
    """Tell whether every part of a dotted name is public."""
    return not any(part.startswith("_") for part in name.split("."))


def public_functions(module: Module) -> list[tuple[str, FunctionNode]]:
    """Return functions and methods one can call from outside, not those inside functions."""
    inner = {
        id(node)
        for _, function in module.functions
        for node in ast.walk(function)
        if node is not function
    }
    return [(n, f) for n, f in module.functions if is_public(n) and id(f) not in inner]


def test_no_first_party_import_hides_inside_a_function() -> None:
    found = []
    for module in modules():
        if module.room in LAZY_ENGINE_ROOMS:
            continue
        for name, function in module.functions:
            for node in ast.walk(function):
                hidden = (isinstance(node, ast.ImportFrom) and imports_tenure(node)) or (
                    isinstance(node, ast.Import)
                    and any(alias.name.split(".")[0] == "tenure" for alias in node.names)
                )
                if hidden:
                    found.append((module, node.lineno, f"import inside {name}"))
    assert not found, complaints(found)


def imports_tenure(node: ast.ImportFrom) -> bool:
    """Tell whether `from x import y` names this package, relatively or by name."""
    return node.level > 0 or (node.module or "").split(".")[0] == "tenure"


def test_modules_stay_short() -> None:
    found = [
        (m, m.line_count, f"{m.line_count} lines, at most {MODULE_LINES_MAX}")
        for m in modules()
        if m.line_count > MODULE_LINES_MAX
    ]
    assert not found, complaints(found)


def test_functions_stay_short() -> None:
    found = [
        (m, f.lineno, f"{name} has {body_lines(f)} lines, at most {FUNCTION_LINES_MAX}")
        for m in modules()
        for name, f in m.functions
        if body_lines(f) > FUNCTION_LINES_MAX
    ]
    assert not found, complaints(found)


def test_classes_stay_small() -> None:
    found = []
    for module in modules():
        for cls in module.classes:
            lines = (cls.end_lineno or cls.lineno) - cls.lineno + 1
            methods = sum(isinstance(n, FunctionNode) and is_public(n.name) for n in cls.body)
            if lines > CLASS_LINES_MAX or methods > PUBLIC_METHODS_MAX:
                found.append(
                    (module, cls.lineno, f"{cls.name}: {lines} lines, {methods} public methods")
                )
    assert not found, complaints(found)


def test_every_module_and_public_name_says_what_it_is_for() -> None:
    found = [(m, 1, "module has no docstring") for m in modules() if not ast.get_docstring(m.tree)]
    for module in modules():
        documented = [*public_functions(module), *((c.name, c) for c in module.classes)]
        found += [
            (module, node.lineno, f"{name} has no docstring")
            for name, node in documented
            if is_public(name) and not ast.get_docstring(node) and not is_overload(node)
        ]
    assert not found, complaints(found)


def is_overload(node: ast.AST) -> bool:
    """Tell whether a function is a typing overload or a property's setter."""
    decorators = getattr(node, "decorator_list", [])
    return any(ast.unparse(d).split(".")[-1] in {"overload", "setter"} for d in decorators)


def test_rooms_say_what_enters_and_what_leaves() -> None:
    doors = [m for m in modules() if m.path.name == "__init__.py" and m.name.count("/") == 1]
    found = [
        (m, 1, "the room's docstring is shorter than a sentence")
        for m in doors
        if len((ast.get_docstring(m.tree) or "").split()) < 5
    ]
    assert not found, complaints(found)


def test_every_public_function_is_fully_annotated() -> None:
    found = []
    for module in modules():
        for name, function in public_functions(module):
            arguments = function.args
            named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            named += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
            bare = [a.arg for a in named if a.annotation is None and a.arg not in ("self", "cls")]
            if bare or function.returns is None:
                what = ", ".join(bare) or "the return"
                found.append((module, function.lineno, f"{name}: {what} has no annotation"))
    assert not found, complaints(found)


def test_catching_everything_needs_a_reason_beside_it() -> None:
    found = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and is_broad(node.type):
                near = (module.comments.get(line, "") for line in (node.lineno - 1, node.lineno))
                if not any(len(re.sub(r"# noqa\S*( \S+)?", "", c).split()) > 3 for c in near):
                    found.append((module, node.lineno, "broad except without a reason"))
    assert not found, complaints(found)


def is_broad(caught: ast.expr | None) -> bool:
    """Tell whether a handler catches every error there is."""
    names = [
        ast.unparse(e)
        for e in (caught.elts if isinstance(caught, ast.Tuple) else [caught])
        if e is not None
    ]
    return not names or bool({"Exception", "BaseException"} & set(names))


def test_every_error_stands_in_the_drawn_tree() -> None:
    found = [
        (m, cls.lineno, f"{cls.name}: errors live in kernel/errors.py, where the tree is drawn")
        for m in modules()
        if m.name != "kernel/errors.py"
        for cls in m.classes
        if any(ast.unparse(b).endswith(("Error", "Exception")) for b in cls.bases)
    ]
    assert not found, complaints(found)


def test_type_ignores_are_rare() -> None:
    lines = sum(m.line_count for m in modules())
    ignores = [
        (m, line, comment)
        for m in modules()
        for line, comment in m.comments.items()
        if "type: ignore" in comment
    ]
    allowed = TYPE_IGNORES_PER_1000_LINES_MAX * lines / 1000
    assert len(ignores) <= allowed, complaints(ignores)


def test_files_are_named_for_what_they_hold() -> None:
    found = [(m, 1, "a name without meaning") for m in modules() if MEANINGLESS.search(m.path.stem)]
    assert not found, complaints(found)


def test_doors_hold_no_code() -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.Expr, ast.Assign, ast.AnnAssign, ast.If)
    found = [
        (m, node.lineno, f"{type(node).__name__} in a room's __init__")
        for m in modules()
        if m.path.name == "__init__.py"
        for node in m.tree.body
        if not isinstance(node, allowed)
    ]
    assert not found, complaints(found)
