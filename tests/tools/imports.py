"""Hold the tree to its import directions: contract, engine, hub, jobs, then the faces. Vendors stay in their folders."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# package -> what of ours it may import, and what of others it never does
RULES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "connectors.contract": (("connectors.contract",), ("django", "requests", "msgspec")),
    "connectors.transport": (("connectors.contract", "connectors.transport"), ("django",)),
    "connectors.sandbox": (("connectors.sandbox",), ("django", "requests")),
    "bridge.engine": (("bridge.engine", "connectors.contract"), ("django", "requests", "msgspec")),
    "bridge.registry": (("bridge.engine", "bridge.hub.catalogue", "connectors.contract", "connectors.transport.catalogue"), ("requests",)),
    "bridge.hub": (("bridge.hub", "bridge.engine", "bridge.registry", "bridge", "connectors.contract"), ("requests",)),
    "bridge.jobs": (("bridge.jobs", "bridge.hub", "bridge.engine", "bridge.registry", "bridge",
                     "connectors.contract", "connectors.transport", "connectors.sandbox.server"), ()),
    "bridge.staff": (("bridge.staff", "bridge.jobs", "bridge.hub", "bridge.engine", "bridge.registry", "bridge",
                      "connectors.contract"), ("requests",)),
    "bridge.portal": (("bridge.portal", "bridge.jobs", "bridge.hub", "bridge.registry", "connectors.contract"),
                      ("requests",)),
}  # fmt: skip
VENDOR = ("connectors.contract", "connectors.transport")
NAMES = re.compile(r"mailchimp|hubspot|shopmonkey|crococlick|highlevel|magento", re.IGNORECASE)
NAMELESS = (
    "bridge/hub",
    "bridge/engine",
    "bridge/jobs",
    "bridge/staff",
    "bridge/portal",
    "connectors/contract",
    "connectors/transport",
)


def module_of(path: Path) -> str:
    """Return the dotted name of a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> list[tuple[int, str]]:
    """Return (line, module) of every import of a file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module in ("bridge", "connectors"):
                found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
            else:
                found.append((node.lineno, node.module))
    return found


def within(name: str, packages: tuple[str, ...]) -> bool:
    """Tell whether a module is one of these packages or inside one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def rule_for(name: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return what a module may import; a vendor's folder follows the vendor rule."""
    for package, rule in RULES.items():
        if within(name, (package,)):
            return rule
    if name.startswith("connectors.recipes"):
        return (("connectors",), ("django", "requests"))
    if name.startswith("connectors."):
        return ((*VENDOR, ".".join(name.split(".")[:2])), ("django",))
    return None


def problems() -> list[str]:
    """Return every import that points the wrong way, and every vendor's name where none belongs."""
    found = []
    for folder in ("connectors", "bridge"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            rule = rule_for(module_of(path))
            where = path.relative_to(ROOT)
            for line, name in imported(path) if rule else []:
                ours = within(name, ("bridge", "connectors"))
                if ours and not within(name, rule[0]) or (not ours and within(name, rule[1])):
                    found.append(f"{where}:{line} imports {name}")
    for folder in NAMELESS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if NAMES.search(text):
                    found.append(f"{path.relative_to(ROOT)}:{number} names a vendor")
    return found


if __name__ == "__main__":
    wrong = problems()
    print("\n".join(wrong) or "imports point one way")
    sys.exit(bool(wrong))
